use crate::extract::{Authorized, Cursor, FromQuery, KnowledgeRead, PathId, Query, QueryFields};
use crate::views::{DocumentObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::{DocumentId, KnowledgeBaseId};
use uuid::Uuid;

const STATES: [&str; 4] = ["pending", "ready", "failed", "deleting"];

/// Which page of which documents.
pub(crate) struct ListDocuments {
    state: Option<&'static str>,
    before: Option<DocumentId>,
    limit: i64,
}

impl FromQuery for ListDocuments {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        let state = query.choice("state", &STATES, |text| STATES.into_iter().find(|known| *known == text));
        Ok(Self {
            state,
            before: before.map(DocumentId),
            limit: query.limit(),
        })
    }
}

/// List a knowledge base's documents
///
/// The newest first.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases/{id}/documents",
    tag = "Documents",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("state" = Option<String>, Query, description = "`pending`, `ready`, `failed` or `deleting`."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<DocumentObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such knowledge base."),
    )
)]
pub(crate) async fn list_documents(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(base): PathId<KnowledgeBaseId>,
    Query(query): Query<ListDocuments>,
) -> Result<Json<Page<DocumentObject>>, Problem> {
    let ListDocuments {
        state: wanted,
        before,
        limit,
    } = query;
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::find(tx, base).await?;
            store::documents::list(tx, base, wanted, before, limit + 1).await
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |document| document.id.0,
        DocumentObject::from,
    )))
}
