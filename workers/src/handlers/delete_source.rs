use super::sync_source::begin_deletions;
use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{DeleteSource, DeletedSource};
use store::{SourceId, sources};

/// Documents per transaction.
const BATCH: i64 = 100;

impl Handle for DeleteSource {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let documents = if self.keep_documents {
            0
        } else {
            delete_documents(&job, self.source_id).await?
        };
        let ended = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                sources::delete(tx, self.source_id).await?;
                job.finish(tx, &DeletedSource { documents }).await
            })
            .await?;
        Ok(Done::Committed(ended))
    }
}

/// The source is hidden already and no sync writes for it, so a repeated attempt only goes on where this one stopped. Returns how many there were.
async fn delete_documents(job: &JobContext, source: SourceId) -> Result<usize, JobError> {
    let mut documents = 0;
    loop {
        let (begun, dispatches) = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                let ids = sources::documents_of(tx, job.held(), source, BATCH).await?;
                begin_deletions(tx, &ids).await
            })
            .await?;
        job.app.queue.push(&dispatches).await;
        if begun == 0 {
            return Ok(documents);
        }
        documents += begun;
        job.progress(documents, None, "documents are being deleted");
    }
}
