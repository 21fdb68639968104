use crate::extract::{Authorized, EvaluationsRead, PathId};
use crate::views::GateObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::{KnowledgeBaseId, evaluations, knowledge_bases};

/// Show the gate of a knowledge base
///
/// And what was changed past it.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases/{id}/gate",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:read"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    responses(
        (status = 200, description = "The gate.", body = GateObject),
        (status = 404, description = "There is no such knowledge base, or it has no gate."),
    )
)]
pub(crate) async fn show_gate(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsRead>,
    PathId(base): PathId<KnowledgeBaseId>,
) -> Result<Json<GateObject>, Problem> {
    let gate = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            knowledge_bases::find(tx, base).await?;
            let gate = evaluations::find_gate(tx, base).await?;
            let gate = gate.ok_or_else(|| Problem::not_found("gate"))?;
            Ok::<_, Problem>(GateObject::of(gate, evaluations::list_overrides(tx, base).await?))
        })
        .await?;
    Ok(Json(gate))
}
