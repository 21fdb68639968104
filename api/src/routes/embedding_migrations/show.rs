use crate::extract::{Authorized, KnowledgeRead, PathId};
use crate::views::EmbeddingMigrationObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use config::Settings;
use store::knowledge_bases::KnowledgeBase;
use store::{KnowledgeBaseId, TenantTx, embedding_migrations, knowledge_bases};

/// Show the embedding migration of a knowledge base
///
/// The last one that it has had.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases/{id}/embedding-migration",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:read"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    responses(
        (status = 200, description = "The migration.", body = EmbeddingMigrationObject),
        (status = 404, description = "There is no such knowledge base, or it has never been migrated."),
    )
)]
pub(crate) async fn show_embedding_migration(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<KnowledgeBaseId>,
) -> Result<Json<EmbeddingMigrationObject>, Problem> {
    let settings = &state.settings;
    let shown = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let base = knowledge_bases::find(tx, id).await?;
            read(tx, settings, &base).await
        })
        .await?;
    Ok(Json(shown))
}

/// The base's last migration, with how far it is while it goes on.
///
/// # Errors
/// [`Problem`], also when there has been none.
pub(super) async fn read(
    tx: &mut TenantTx,
    settings: &Settings,
    base: &KnowledgeBase,
) -> Result<EmbeddingMigrationObject, Problem> {
    let migration = embedding_migrations::find(tx, base.id).await?;
    let model = settings.models.catalogue.get(&migration.to_model);
    let counts = match model.filter(|_| migration.ended_at.is_none()) {
        Some(model) => {
            let of = (migration.to_model.as_str(), model.dimensions);
            // The index beside the one that is searched.
            let other = match base.index_generation == migration.generation {
                true => migration.from_generation,
                false => migration.generation,
            };
            Some(embedding_migrations::counts(tx, base, of, other).await?)
        }
        None => None,
    };
    EmbeddingMigrationObject::of(&migration, counts)
}
