use crate::extract::{Authorized, Cursor, FromQuery, KnowledgeRead, Query, QueryFields};
use crate::views::{KnowledgeBaseObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::KnowledgeBaseId;
use uuid::Uuid;

/// Which page of the list.
pub(crate) struct ListKnowledgeBases {
    before: Option<KnowledgeBaseId>,
    limit: i64,
}

impl FromQuery for ListKnowledgeBases {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            before: before.map(KnowledgeBaseId),
            limit: query.limit(),
        })
    }
}

/// List knowledge bases
///
/// The newest first; those being deleted are not among them.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<KnowledgeBaseObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
    )
)]
pub(crate) async fn list_knowledge_bases(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    Query(ListKnowledgeBases { before, limit }): Query<ListKnowledgeBases>,
) -> Result<Json<Page<KnowledgeBaseObject>>, Problem> {
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::list(tx, before, limit + 1).await
        })
        .await?;
    Ok(Json(Page::of(rows, limit, |base| base.id.0, KnowledgeBaseObject::from)))
}
