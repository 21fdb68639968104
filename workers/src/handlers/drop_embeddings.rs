use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{DropEmbeddings, DroppedEmbeddings};
use store::embedding_migrations::drop_vectors;

/// Documents per transaction.
const BATCH: i64 = 100;

impl Handle for DropEmbeddings {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let (base, model) = (self.knowledge_base_id, self.embedding_model.as_str());
        let (mut after, mut vectors) = (None, 0);
        loop {
            // What is gone is not found again: a repeated attempt reads on to where this one stopped.
            let dropped = job
                .app
                .store
                .tenant(job.tenant(), async |tx| {
                    drop_vectors(tx, base, model, after, BATCH).await
                })
                .await?;
            let Some((last, count)) = dropped else { break };
            (after, vectors) = (Some(last), vectors + count);
            job.progress(vectors, None, "vectors deleted");
        }
        Done::with(&DroppedEmbeddings { vectors })
    }
}
