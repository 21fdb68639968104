use crate::extract::{Authorized, KnowledgeRead, PathId};
use crate::views::EmbeddingMigrationObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
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
    let shown = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let base = knowledge_bases::find(tx, id).await?;
            read(tx, &base).await
        })
        .await?;
    Ok(Json(shown))
}

/// The base's last migration, with how far it is while it goes on.
///
/// # Errors
/// [`Problem`], also when there has been none.
pub(super) async fn read(tx: &mut TenantTx, base: &KnowledgeBase) -> Result<EmbeddingMigrationObject, Problem> {
    let migration = embedding_migrations::find(tx, base.id).await?;
    let counts = match migration.ended_at {
        Some(_) => None,
        None => {
            // The index beside the one that is searched.
            let other = match base.index_generation == migration.generation {
                true => (migration.from_generation, migration.from_vector_store),
                false => (migration.generation, migration.to_vector_store),
            };
            Some(embedding_migrations::counts(tx, base, &migration.to_model, other).await?)
        }
    };
    EmbeddingMigrationObject::of(&migration, counts)
}
