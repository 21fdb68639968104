use crate::{JobContext, JobError};
use jobs::kinds::IngestDocument;
use store::documents::{find, version};
use store::{StoreError, knowledge_bases};

/// Whether a job that waited for a budget must go on waiting: asked before its document is fetched and parsed once more, which it would be at each look.
///
/// # Errors
/// That it must.
pub(super) async fn still_waits(job: &JobContext, asked: &IngestDocument) -> Result<(), JobError> {
    let read = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            version(tx, asked.document_id, asked.version).await?;
            let document = find(tx, asked.document_id).await?;
            knowledge_bases::heads(tx, &[document.knowledge_base_id]).await
        })
        .await;
    let head = match read {
        // What is gone is told by the fetch.
        Err(StoreError::NotFound { .. }) => return Ok(()),
        read => read?.pop(),
    };
    let Some(head) = head else { return Ok(()) };
    let other = head.other.as_ref().map(|other| other.embedding_model.as_str());
    for name in std::iter::once(head.base.embedding_model.as_str()).chain(other) {
        job.app.models.find(name)?.look_at_budget(job).await?;
    }
    Ok(())
}
