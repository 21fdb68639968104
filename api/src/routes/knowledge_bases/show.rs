use crate::extract::{Authorized, KnowledgeRead, PathId};
use crate::views::{KnowledgeBaseObject, Tagged};
use crate::{ApiState, Problem};
use axum::extract::State;
use store::KnowledgeBaseId;

/// Show a knowledge base
///
/// One that is being deleted is not found.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases/{id}",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:read"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    responses(
        (status = 200, description = "The knowledge base.", body = KnowledgeBaseObject, headers(("ETag" = String, description = "For If-Match of a change."))),
        (status = 404, description = "There is no such knowledge base."),
    )
)]
pub(crate) async fn show_knowledge_base(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<KnowledgeBaseId>,
) -> Result<Tagged<KnowledgeBaseObject>, Problem> {
    let base = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::find(tx, id).await
        })
        .await?;
    Ok(Tagged(base.into()))
}
