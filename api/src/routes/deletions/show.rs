use crate::extract::{Authorized, KnowledgeRead, PathId};
use crate::views::DeletionObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::{DeletionId, StoreError};

/// Show the receipt of a deletion
///
/// What was asked, by whom, what is gone from the database, and which search replicas have let go of it. Holds ids and counts, no word of what was
/// deleted.
#[utoipa::path(
    get,
    path = "/v1/deletions/{id}",
    tag = "Deletions",
    security(("api_key" = ["knowledge:read"])),
    params(("id" = Uuid, Path, description = "The deletion: the id of the job that `DELETE` answered with.")),
    responses(
        (status = 200, description = "The receipt.", body = DeletionObject),
        (status = 404, description = "There is no such deletion, or its receipt is past its time."),
    )
)]
pub(crate) async fn show_deletion(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<DeletionId>,
) -> Result<Json<DeletionObject>, Problem> {
    caller.refuse_publishable()?;
    let (deletion, replicas) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let deletion = store::deletions::find(tx, id.as_job()).await?;
            let replicas = store::deletions::replicas(tx, &[deletion.id]).await?;
            Ok::<_, StoreError>((deletion, replicas))
        })
        .await?;
    Ok(Json(DeletionObject::of(deletion, replicas)?))
}
