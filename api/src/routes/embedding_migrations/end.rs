use crate::extract::{Authorized, KnowledgeWrite, PathId, WorkOptions};
use crate::views::EmbeddingMigrationEndJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::State;
use axum::response::Response;
use jobs::kinds::DropEmbeddings;
use jobs::{EnqueueOptions, Enqueued};
use store::{KnowledgeBaseId, TenantTx, embedding_migrations, knowledge_bases};

struct End(KnowledgeBaseId);

impl Begin for End {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let head = knowledge_bases::lock_head(tx, self.0).await?;
        if head.other.is_none() {
            let detail = "The knowledge base is not being migrated.";
            return Err(Problem::new(ProblemCode::Conflict, detail));
        }
        let embedding_model = embedding_migrations::end(tx, &head).await?;
        let job = DropEmbeddings {
            knowledge_base_id: self.0,
            embedding_model,
        };
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// End the embedding migration of a knowledge base
///
/// The model that is searched stays, the other goes: `switched` becomes `finished`, anything before becomes `cancelled`. The job deletes the vectors
/// that nothing needs any more; there is no way back then but another migration.
#[utoipa::path(
    delete,
    path = "/v1/knowledge-bases/{id}/embedding-migration",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again."),
    ),
    responses(
        (status = 200, description = "The job has ended.", body = EmbeddingMigrationEndJob),
        (status = 202, description = "The job.", body = EmbeddingMigrationEndJob, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "There is no such knowledge base."),
        (status = 409, description = "It is not being migrated, or the idempotency key was used for another request."),
    )
)]
pub(crate) async fn end_embedding_migration(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<KnowledgeBaseId>,
    options: WorkOptions,
) -> Result<Response, Problem> {
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: [0; 32],
    };
    start_work(&state, request, End(id)).await
}
