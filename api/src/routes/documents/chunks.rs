use crate::extract::{Authorized, Cursor, FromQuery, KnowledgeRead, PathId, Query, QueryFields};
use crate::views::{ChunkObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::documents::DocumentState;
use store::{DocumentId, StoreError};

/// Which page of the chunks.
pub(crate) struct ListChunks {
    from: i32,
    limit: i64,
}

impl FromQuery for ListChunks {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let after: Option<i32> = query.text("cursor").map(|cursor| Cursor::parse(&cursor)).transpose()?;
        Ok(Self {
            from: after.map_or(0, |after| after.saturating_add(1)),
            limit: query.limit(),
        })
    }
}

/// List a document's chunks
///
/// In the order of the document; those of the version that search serves.
#[utoipa::path(
    get,
    path = "/v1/documents/{id}/chunks",
    tag = "Documents",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("id" = Uuid, Path, description = "The document."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<ChunkObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such document, or it is being deleted."),
    )
)]
pub(crate) async fn list_chunks(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<DocumentId>,
    Query(ListChunks { from, limit }): Query<ListChunks>,
) -> Result<Json<Page<ChunkObject>>, Problem> {
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            if store::documents::find(tx, id).await?.state() == DocumentState::Deleting {
                return Err(StoreError::NotFound { what: "document" });
            }
            store::chunks::list(tx, id, from, limit + 1).await
        })
        .await?;
    Ok(Json(Page::of(rows, limit, |chunk| chunk.ordinal, ChunkObject::from)))
}
