use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{DeleteDocument, DeletedDocument};
use store::deletions::{self, erase};
use store::{StoreError, index_changes};

impl Handle for DeleteDocument {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let ended = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                let erased = erase(tx, job.id(), &[self.document_id]).await?;
                let index_seq = match index_changes::record(tx, self.knowledge_base_id, &[self.document_id]).await {
                    // The base was deleted meanwhile.
                    Err(StoreError::NotFound { .. }) => None,
                    recorded => Some(recorded?),
                };
                deletions::erased(tx, job.id(), index_seq).await?;
                job.finish(
                    tx,
                    &DeletedDocument {
                        deleted: erased.documents > 0,
                        index_seq,
                    },
                )
                .await
            })
            .await?;
        Ok(Done::Committed(ended))
    }
}
