use crate::extract::{Authorized, EvaluationsWrite, PathId};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::{KnowledgeBaseId, evaluations, knowledge_bases};

/// Take the gate of a knowledge base away
///
/// Its test set and the evaluations stay.
#[utoipa::path(
    delete,
    path = "/v1/knowledge-bases/{id}/gate",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:write"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    responses(
        (status = 204, description = "It has none any more."),
        (status = 404, description = "There is no such knowledge base, or it has no gate."),
    )
)]
pub(crate) async fn remove_gate(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsWrite>,
    PathId(base): PathId<KnowledgeBaseId>,
) -> Result<StatusCode, Problem> {
    state
        .store
        .tenant(caller.tenant(), async move |tx| {
            knowledge_bases::find(tx, base).await?;
            evaluations::remove_gate(tx, base).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
