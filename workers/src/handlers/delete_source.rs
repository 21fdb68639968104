use super::erased_of_base::{last_change, tell};
use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{DeleteSource, DeletedSource};
use store::deletions::{self, erase};
use store::webhooks::tell_of_deleted;
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
        leave_documents(&job, self.source_id).await?;
        let ended = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                let base = sources::base_of(tx, self.source_id).await?;
                let index_seq = last_change(tx, base).await?;
                sources::delete(tx, self.source_id).await?;
                deletions::erased(tx, job.id(), index_seq).await?;
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
        let batch = job
            .app
            .store
            .tenant(job.tenant(), async |tx| delete_batch(tx, job, source).await)
            .await?;
        if batch == 0 {
            return Ok(documents);
        }
        documents += batch;
        job.progress(documents, None, "documents deleted");
    }
}

async fn delete_batch(tx: &mut store::TenantTx, job: &JobContext, source: SourceId) -> Result<usize, JobError> {
    let ids = sources::documents_of(tx, job.held(), source, BATCH).await?;
    erase(tx, job.id(), &ids).await?;
    tell_of_deleted(tx, job.id(), &ids).await?;
    let base = sources::base_of(tx, source).await?;
    tell(tx, base, &ids).await?;
    Ok(ids.len())
}

/// What stays, because it is to or because another source has it too, comes from this one no longer, and searches by source are to know it.
async fn leave_documents(job: &JobContext, source: SourceId) -> Result<(), JobError> {
    loop {
        let left = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                let ids = sources::leave(tx, job.held(), source, BATCH).await?;
                let base = sources::base_of(tx, source).await?;
                tell(tx, base, &ids).await?;
                Ok::<_, JobError>(ids.len())
            })
            .await?;
        if left == 0 {
            return Ok(());
        }
    }
}
