use crate::extract::{Authorized, Cursor, FromQuery, KnowledgeRead, PathId, Query, QueryFields};
use crate::views::{DocumentObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use std::ops::RangeInclusive;
use store::documents::{DocumentFilter, DocumentState};
use store::{CollectionId, DocumentId, KnowledgeBaseId, SourceId};
use uuid::Uuid;

/// Longer than a client may make one: a page that was crawled goes by its address, of at most 1,024 bytes.
const EXTERNAL_ID_CHARS: RangeInclusive<usize> = 1..=1024;

/// Which page of which documents.
pub(crate) struct ListDocuments {
    state: Option<&'static str>,
    external_id: Option<String>,
    source: Option<SourceId>,
    collection: Option<CollectionId>,
    mime_type: Option<String>,
    words: Option<String>,
    enabled: Option<bool>,
    before: Option<DocumentId>,
    limit: i64,
}

impl FromQuery for ListDocuments {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        let words = DocumentState::ALL.map(DocumentState::as_str);
        let state = query.choice("state", &words, |text| words.into_iter().find(|known| *known == text));
        Ok(Self {
            state,
            external_id: query.bounded_text("external_id", EXTERNAL_ID_CHARS),
            source: query.id("source_id").map(SourceId),
            collection: query.id("collection_id").map(CollectionId),
            mime_type: query.bounded_text("mime_type", 1..=200),
            words: query.bounded_text("q", 1..=200),
            enabled: query.choice("enabled", &["true", "false"], |text| text.parse().ok()),
            before: before.map(DocumentId),
            limit: query.limit(),
        })
    }
}

/// List a knowledge base's documents
///
/// The newest first. All that is asked for must hold. A page that is narrowed looks through 10,000 documents at most: it may have fewer than `limit`, or none, and
/// the list still goes on at its `next_cursor`.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases/{id}/documents",
    tag = "Documents",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("state" = Option<String>, Query, description = "`pending`, `ready`, `failed` or `deleting`."),
        ("external_id" = Option<String>, Query, description = "The one that goes by exactly this; none that is being deleted."),
        ("source_id" = Option<Uuid>, Query, description = "Those that come from this source."),
        ("collection_id" = Option<Uuid>, Query, description = "Those that are in this collection."),
        ("mime_type" = Option<String>, Query, description = "Such as `application/pdf`; without parameters, those with any."),
        ("q" = Option<String>, Query, description = "1 to 200 characters that stand in the title or the external id, in upper or lower case."),
        ("enabled" = Option<bool>, Query, description = "False: those that are switched off. True: those that are not."),
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
    let limit = query.limit;
    let filter = DocumentFilter {
        base,
        state: query.state,
        external_id: query.external_id,
        external_ids: None,
        external_id_prefix: None,
        source: query.source,
        collection: query.collection,
        mime_type: query.mime_type,
        words: query.words,
        enabled: query.enabled,
        before: query.before,
        limit: limit + 1,
    };
    let listed = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::find(tx, base).await?;
            store::documents::list(tx, &filter).await
        })
        .await?;
    let page = Page::of(listed.documents, limit, |document| document.id.0, DocumentObject::from);
    Ok(Json(page.or_from(listed.looked_to.map(|id| id.0))))
}
