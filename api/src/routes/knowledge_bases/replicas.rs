use crate::extract::{Authorized, KnowledgeRead, OnePage, PathId, Query};
use crate::views::{Page, ReplicaObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::{KnowledgeBaseId, StoreError, knowledge_bases, replica_cursors};

/// List the copies of a knowledge base
///
/// The replicas that processes keep of it to search in, and its index on the vector server where it has one: how far each is behind what was committed.
/// A process that has not been asked about the base has none.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases/{id}/replicas",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("limit" = Option<i64>, Query, description = "1 to 100. Changes nothing: the list is one page."),
    ),
    responses(
        (status = 200, description = "All of them.", body = Page<ReplicaObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
        (status = 404, description = "There is no such knowledge base."),
    )
)]
pub(crate) async fn list_replicas(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<KnowledgeBaseId>,
    _page: Query<OnePage>,
) -> Result<Json<Page<ReplicaObject>>, Problem> {
    caller.refuse_publishable()?;
    let (head, cursors) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let head = knowledge_bases::heads(tx, &[id]).await?.pop();
            let head = head.ok_or(StoreError::NotFound { what: "knowledge base" })?;
            Ok::<_, StoreError>((head, replica_cursors::of_base(tx, id).await?))
        })
        .await?;
    let shown = cursors.iter().map(|cursor| ReplicaObject::of(&head, cursor));
    Ok(Json(Page::whole(shown.collect())))
}
