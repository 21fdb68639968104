use crate::extract::{Authorized, KnowledgeWrite, PathId, WorkOptions};
use crate::routes::deletions::with_receipt;
use crate::views::KnowledgeBaseDeletionJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use jobs::{EnqueueOptions, Enqueued, kinds};
use store::deletions::{NewDeletion, Target, accept};
use store::{KnowledgeBaseId, TenantTx};

struct DeleteBase(KnowledgeBaseId);

impl Begin for DeleteBase {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        store::knowledge_bases::begin_deletion(tx, self.0).await?;
        let job = kinds::DeleteKnowledgeBase {
            knowledge_base_id: self.0,
        };
        let by = options.created_by;
        let enqueued = jobs::enqueue(tx, &job, options).await?;
        let deletion = NewDeletion {
            job: enqueued.id,
            target: Target::KnowledgeBase,
            knowledge_base: self.0,
            requested_by: by,
        };
        accept(tx, deletion).await?;
        Ok(enqueued)
    }
}

/// Delete a knowledge base
///
/// It is gone for every reader at once, and its name is free; the job deletes what is in it.
#[utoipa::path(
    delete,
    path = "/v1/knowledge-bases/{id}",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again."),
    ),
    responses(
        (status = 200, description = "The job has ended.", body = KnowledgeBaseDeletionJob),
        (status = 202, description = "The job.", body = KnowledgeBaseDeletionJob, headers(("Location" = String, description = "The job."), ("Link" = String, description = "The receipt of the deletion."))),
        (status = 404, description = "There is no such knowledge base."),
        (status = 409, description = "The idempotency key was used for another request."),
    )
)]
pub(crate) async fn delete_knowledge_base(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<KnowledgeBaseId>,
    options: WorkOptions,
) -> Result<Response, Problem> {
    let response = start_work(
        &state,
        work::Request {
            caller: &caller,
            options: &options,
            body_hash: [0; 32],
        },
        DeleteBase(id),
    )
    .await?;
    with_receipt(response)
}
