use crate::extract::{Authorized, KnowledgeRead, PathId};
use crate::views::{SourceObject, Tagged};
use crate::{ApiState, Problem};
use axum::extract::State;
use store::SourceId;

/// Show a source
///
/// Its config with every default filled in, and its latest sync.
#[utoipa::path(
    get,
    path = "/v1/sources/{id}",
    tag = "Sources",
    security(("api_key" = ["knowledge:read"])),
    params(("id" = Uuid, Path, description = "The source.")),
    responses(
        (status = 200, description = "The source.", body = SourceObject, headers(("ETag" = String, description = "For If-Match."))),
        (status = 404, description = "There is no such source."),
    )
)]
pub(crate) async fn show_source(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<SourceId>,
) -> Result<Tagged<SourceObject>, Problem> {
    let found = state
        .store
        .tenant(caller.tenant(), async move |tx| store::sources::find(tx, id).await)
        .await?;
    Ok(Tagged(found.into()))
}
