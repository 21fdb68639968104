use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{DeleteDocument, DeletedDocument};
use store::{documents, index_changes};

impl Handle for DeleteDocument {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let ended = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                let deleted = documents::delete(tx, &[self.document_id]).await? > 0;
                store::jobs::erase_answers_citing(tx, &[self.document_id]).await?;
                let index_seq = index_changes::record(tx, self.knowledge_base_id, &[self.document_id]).await?;
                job.finish(
                    tx,
                    &DeletedDocument {
                        deleted,
                        index_seq: Some(index_seq),
                    },
                )
                .await
            })
            .await?;
        Ok(Done::Committed(ended))
    }
}
