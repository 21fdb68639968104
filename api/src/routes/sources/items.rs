use crate::extract::{Authorized, Cursor, FromQuery, KnowledgeRead, PathId, Query, QueryFields};
use crate::views::{Page, SourceItemObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use std::collections::HashMap;
use store::documents::{self, Document};
use store::sources::{Item, ItemFilter, ItemStatus};
use store::{DocumentId, SourceId, StoreError};

/// Which page of which items.
pub(crate) struct ListItems {
    status: Option<ItemStatus>,
    after: Option<String>,
    limit: i64,
}

impl FromQuery for ListItems {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let statuses = ItemStatus::ALL.map(ItemStatus::as_str);
        Ok(Self {
            status: query.choice("status", &statuses, |text| {
                ItemStatus::ALL.into_iter().find(|status| status.as_str() == text)
            }),
            after: query.text("cursor").map(|cursor| String::parse(&cursor)).transpose()?,
            limit: query.limit(),
        })
    }
}

/// List what was found at a source
///
/// By address, each with what the last sync that saw it made of it, and what became of its document since: a page that was `ingested` was submitted, and its document may have failed.
#[utoipa::path(
    get,
    path = "/v1/sources/{id}/items",
    tag = "Sources",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("id" = Uuid, Path, description = "The source."),
        ("status" = Option<String>, Query, description = "`waiting`, `ingested`, `changed`, `unchanged`, `skipped`, `failed` or `gone`."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<SourceItemObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such source."),
    )
)]
pub(crate) async fn list_items(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<SourceId>,
    Query(asked): Query<ListItems>,
) -> Result<Json<Page<SourceItemObject>>, Problem> {
    let limit = asked.limit;
    let filter = ItemFilter {
        source: id,
        status: asked.status,
        after: asked.after,
        limit: limit + 1,
    };
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::sources::find(tx, id).await?;
            let items = store::sources::list_items(tx, &filter).await?;
            let ids: Vec<DocumentId> = items.iter().filter_map(|item| item.document_id).collect();
            let mut documents: HashMap<DocumentId, Document> = documents::find_some(tx, &ids)
                .await?
                .into_iter()
                .map(|document| (document.id, document))
                .collect();
            let with_document = |item: Item| {
                let document = item.document_id.and_then(|id| documents.remove(&id));
                (item, document)
            };
            Ok::<_, StoreError>(items.into_iter().map(with_document).collect::<Vec<_>>())
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |(item, _): &(Item, Option<Document>)| item.url.clone(),
        SourceItemObject::from,
    )))
}
