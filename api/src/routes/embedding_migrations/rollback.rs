use super::swap::swap;
use crate::extract::{Authorized, KnowledgeWrite, PathId};
use crate::views::EmbeddingMigrationObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::KnowledgeBaseId;
use store::embedding_migrations::MigrationState;

/// Go back to the model a knowledge base had
///
/// Of a migration that is `switched`, which is `ready` again then. No gate is asked.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases/{id}/embedding-migration/rollback",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:write"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    responses(
        (status = 200, description = "The migration as it is now.", body = EmbeddingMigrationObject),
        (status = 404, description = "There is no such knowledge base, or it has never been migrated."),
        (status = 409, description = "The migration is not `switched`, or the old index is still being built somewhere."),
    )
)]
pub(crate) async fn roll_back_embedding_migration(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<KnowledgeBaseId>,
) -> Result<Json<EmbeddingMigrationObject>, Problem> {
    let settings = &*state.settings;
    let shown = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            swap(tx, settings, id, MigrationState::Switched, None).await
        })
        .await?;
    Ok(Json(shown))
}
