use crate::extract::{Authorized, KnowledgeRead, PathId};
use crate::views::{CollectionObject, Tagged};
use crate::{ApiState, Problem};
use axum::extract::State;
use store::CollectionId;

/// Show a collection
///
/// With how many documents are in it.
#[utoipa::path(
    get,
    path = "/v1/collections/{id}",
    tag = "Collections",
    security(("api_key" = ["knowledge:read"])),
    params(("id" = Uuid, Path, description = "The collection.")),
    responses(
        (status = 200, description = "The collection.", body = CollectionObject, headers(("ETag" = String, description = "For If-Match."))),
        (status = 404, description = "There is no such collection."),
    )
)]
pub(crate) async fn show_collection(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<CollectionId>,
) -> Result<Tagged<CollectionObject>, Problem> {
    let found = state
        .store
        .tenant(caller.tenant(), async move |tx| store::collections::find(tx, id).await)
        .await?;
    Ok(Tagged(found.into()))
}
