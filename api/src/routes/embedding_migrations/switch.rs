use super::swap::{SwitchIndex, swap};
use crate::extract::{Authorized, JsonBody, KnowledgeWrite, PathId};
use crate::routes::gates::Pass;
use crate::views::EmbeddingMigrationObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::KnowledgeBaseId;
use store::embedding_migrations::MigrationState;

/// Switch a knowledge base to the model it is migrated to
///
/// Searches that begin from then on use it, all at once. The other index is kept as new as it, so that one can go back, until the migration is ended. A
/// base with a gate switches only to what has been evaluated against the present model there and does not lose.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases/{id}/embedding-migration/switch",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:write"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    request_body = SwitchIndex,
    responses(
        (status = 200, description = "The migration as it is now.", body = EmbeddingMigrationObject),
        (status = 404, description = "There is no such knowledge base, or it has never been migrated."),
        (status = 409, description = "The migration is not `ready`, the new index is still being built somewhere or lacks a vector, or the gate does not let it pass."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn switch_embedding_migration(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<KnowledgeBaseId>,
    JsonBody { value, .. }: JsonBody<SwitchIndex>,
) -> Result<Json<EmbeddingMigrationObject>, Problem> {
    let at_gate = Pass {
        key: caller.key(),
        override_reason: value.override_gate,
    };
    let settings = &*state.settings;
    let shown = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            swap(tx, settings, id, MigrationState::Ready, Some(&at_gate)).await
        })
        .await?;
    Ok(Json(shown))
}
