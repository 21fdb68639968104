use crate::extract::{Authorized, Cursor, FromQuery, KnowledgeRead, PathId, Query, QueryFields};
use crate::views::{CollectionObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::collections::Collection;
use store::{CollectionId, KnowledgeBaseId};
use uuid::Uuid;

/// Which page.
pub(crate) struct ListCollections {
    before: Option<CollectionId>,
    limit: i64,
}

impl FromQuery for ListCollections {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            before: before.map(CollectionId),
            limit: query.limit(),
        })
    }
}

/// List the collections of a knowledge base
///
/// The newest first.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases/{id}/collections",
    tag = "Collections",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<CollectionObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such knowledge base."),
    )
)]
pub(crate) async fn list_collections(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(base): PathId<KnowledgeBaseId>,
    Query(asked): Query<ListCollections>,
) -> Result<Json<Page<CollectionObject>>, Problem> {
    let limit = asked.limit;
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::find(tx, base).await?;
            store::collections::list(tx, base, asked.before, limit + 1).await
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |row: &Collection| row.id.0,
        CollectionObject::from,
    )))
}
