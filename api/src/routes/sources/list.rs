use crate::extract::{Authorized, Cursor, FromQuery, KnowledgeRead, PathId, Query, QueryFields};
use crate::views::{Page, SourceObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::sources::Source;
use store::{KnowledgeBaseId, SourceId};
use uuid::Uuid;

/// Which page.
pub(crate) struct ListSources {
    before: Option<SourceId>,
    limit: i64,
}

impl FromQuery for ListSources {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            before: before.map(SourceId),
            limit: query.limit(),
        })
    }
}

/// List the sources of a knowledge base
///
/// The newest first.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases/{id}/sources",
    tag = "Sources",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<SourceObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such knowledge base."),
    )
)]
pub(crate) async fn list_sources(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(base): PathId<KnowledgeBaseId>,
    Query(asked): Query<ListSources>,
) -> Result<Json<Page<SourceObject>>, Problem> {
    let limit = asked.limit;
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::find(tx, base).await?;
            store::sources::list(tx, base, asked.before, limit + 1).await
        })
        .await?;
    Ok(Json(Page::of(rows, limit, |row: &Source| row.id.0, SourceObject::from)))
}
