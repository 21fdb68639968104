use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{DeleteKnowledgeBase, DeletedKnowledgeBase};
use store::deletions::{self, erase};
use store::jobs::Ended;
use store::{KnowledgeBaseId, StoreError, documents, knowledge_bases};

/// Documents per transaction.
const BATCH: i64 = 100;

impl Handle for DeleteKnowledgeBase {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let mut deleted = 0;
        loop {
            // The base is hidden already and nothing is added to it, so a repeated attempt only goes on where this one stopped.
            let batch = job
                .app
                .store
                .tenant(job.tenant(), async |tx| {
                    let ids = documents::ids_of_base(tx, self.knowledge_base_id, BATCH).await?;
                    let erased = erase(tx, job.id(), &ids).await?;
                    Ok::<_, StoreError>(usize::try_from(erased.documents).unwrap_or(0))
                })
                .await?;
            if batch > 0 {
                deleted += batch;
                job.progress(deleted, None, "documents deleted");
            } else if let Some(ended) = end(&job, self.knowledge_base_id, deleted).await? {
                return Ok(Done::Committed(ended));
            }
        }
    }
}

/// Deletes the base itself; `None`: there is a document after all.
async fn end(job: &JobContext, base: KnowledgeBaseId, documents: usize) -> Result<Option<Ended>, JobError> {
    job.app
        .store
        .tenant(job.tenant(), async |tx| {
            // A submission that began before the base was hidden has committed by now, and its bytes would be nobody's.
            knowledge_bases::hold_to_delete(tx, base).await?;
            if !documents::ids_of_base(tx, base, 1).await?.is_empty() {
                return Ok(None);
            }
            knowledge_bases::delete(tx, base).await?;
            deletions::erased(tx, job.id(), None).await?;
            job.finish(tx, &DeletedKnowledgeBase { documents }).await.map(Some)
        })
        .await
}
