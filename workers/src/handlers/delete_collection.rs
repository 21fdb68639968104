use super::erased_of_base::{last_change, tell};
use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{DeleteCollection, DeletedCollection};
use store::deletions::{self, erase};
use store::webhooks::tell_of_deleted;
use store::{DocumentId, collections};

/// Documents per transaction.
const BATCH: i64 = 100;

impl Handle for DeleteCollection {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let documents = empty(&job, &self).await?;
        let ended = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                let base = collections::base_of(tx, self.collection_id).await?;
                let index_seq = last_change(tx, base).await?;
                collections::delete(tx, self.collection_id).await?;
                deletions::erased(tx, job.id(), index_seq).await?;
                job.finish(tx, &DeletedCollection { documents }).await
            })
            .await?;
        Ok(Done::Committed(ended))
    }
}

/// The collection is hidden already and nothing is put into it, so a repeated attempt only goes on where this one stopped. Returns how many there were.
async fn empty(job: &JobContext, asked: &DeleteCollection) -> Result<usize, JobError> {
    let message = match asked.keep_documents {
        true => "documents taken out",
        false => "documents deleted",
    };
    let mut documents = 0;
    loop {
        let batch = job
            .app
            .store
            .tenant(job.tenant(), async |tx| take_batch(tx, job, asked).await)
            .await?;
        if batch == 0 {
            return Ok(documents);
        }
        documents += batch;
        job.progress(documents, None, message);
    }
}

async fn take_batch(tx: &mut store::TenantTx, job: &JobContext, asked: &DeleteCollection) -> Result<usize, JobError> {
    let ids = collections::documents_of(tx, job.held(), asked.collection_id, BATCH).await?;
    let changed: Vec<DocumentId> = if asked.keep_documents {
        collections::take_out(tx, &ids).await?
    } else {
        erase(tx, job.id(), &ids).await?;
        tell_of_deleted(tx, job.id(), &ids).await?;
        ids.clone()
    };
    let base = collections::base_of(tx, asked.collection_id).await?;
    tell(tx, base, &changed).await?;
    Ok(ids.len())
}
