use crate::extract::{
    Authorized, Fields, FromFields, IfMatch, JsonBody, KnowledgeWrite, PathId, acl, metadata, or_empty,
};
use crate::routes::collections::{changed_collection, hold_named};
use crate::views::{DocumentObject, Tagged, etag};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::State;
use serde_json::Value;
use store::{CollectionId, DocumentId, collections, documents};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is to be different; what is absent stays as it is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct DocumentPatch {
    /// Takes the place of the metadata as a whole. Null: none.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// Null: nobody but the tenant.
    #[schema(value_type = Option<Object>)]
    acl: Option<Value>,
    /// The collection that it is put into. Null: out of the one that it is in.
    collection_id: Option<Uuid>,
    /// False: no search or answer finds it until it is true again. Null: true. Also of a document that comes from a source.
    enabled: Option<bool>,
}

pub(crate) struct UpdateDocument {
    metadata: Option<Value>,
    acl: Option<Value>,
    /// `Some(None)`: none.
    collection_id: Option<Option<CollectionId>>,
    enabled: Option<bool>,
}

impl UpdateDocument {
    /// Whether it names what the documents of a source have from it.
    fn is_of_source(&self) -> bool {
        self.metadata.is_some() || self.acl.is_some() || self.collection_id.is_some()
    }
}

impl FromFields for UpdateDocument {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let is_there = |fields: &Fields, name: &str| !fields.is_absent(name) || fields.is_null(name);
        let (has_metadata, has_acl) = (is_there(fields, "metadata"), is_there(fields, "acl"));
        let is_on_again = fields.is_null("enabled");
        if fields.value("title").is_some() {
            let message = "cannot be changed by itself: it is embedded with the text. Submit the document again under its external_id";
            fields.error("title", "read_only", message);
        }
        Some(Self {
            metadata: has_metadata.then(|| or_empty(metadata(fields))),
            acl: has_acl.then(|| or_empty(acl(fields))),
            collection_id: changed_collection(fields),
            enabled: fields.optional_bool("enabled").or_else(|| is_on_again.then_some(true)),
        })
    }
}

/// Change a document's metadata, access list and collection, or switch it off or on
///
/// Of the version that is served and of one that is still being ingested; nothing is parsed or embedded again. Whom the new list does not let in is shown
/// nothing of the document once this answers; searches filter by the new metadata and let others in as soon as they see the change, as with a new document. One
/// that is switched off is shown to nobody from then on, and stays as it is; switched on it is found as soon as searches see that, however often it was submitted, synced or ingested again meanwhile. With
/// `If-Match` it is changed only if it is still what the client has read.
#[utoipa::path(
    patch,
    path = "/v1/documents/{id}",
    tag = "Documents",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The document."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the document as it was read."),
    ),
    request_body = DocumentPatch,
    responses(
        (status = 200, description = "The document as it is now.", body = DocumentObject, headers(("ETag" = String, description = "For If-Match."))),
        (status = 400, description = "If-Match cannot be understood."),
        (status = 404, description = "There is no such document, or it is being deleted; or there is no such collection in its knowledge base."),
        (status = 409, description = "It comes from a source, whose next sync would undo it, and more is to be changed than whether it is switched on: change the source."),
        (status = 412, description = "It has changed since it was read."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn update_document(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<DocumentId>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<UpdateDocument>,
) -> Result<Tagged<DocumentObject>, Problem> {
    let if_match = &if_match;
    let revised = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            if let Some(Some(collection)) = value.collection_id {
                // Before the document is locked, as in a deletion of the collection.
                let base = documents::find(tx, id).await?.knowledge_base_id;
                hold_named(tx, base, Some(collection)).await?;
            }
            let document = documents::lock(tx, id).await?;
            if_match.check(&etag(&DocumentObject::from(document.clone()))?)?;
            let source = match value.is_of_source() {
                true => documents::source_of(tx, id).await?,
                false => None,
            };
            if let Some(source) = source {
                let detail = format!(
                    "The document comes from the source {source}, whose metadata, access list and collection its documents have: change the source."
                );
                return Err(Problem::new(ProblemCode::Conflict, detail));
            }
            let mut revised = documents::revise(tx, &document, value.metadata.as_ref(), value.acl.as_ref()).await?;
            if let Some(collection) = value.collection_id {
                collections::put(tx, document.knowledge_base_id, id, collection).await?;
                revised = documents::find(tx, id).await?;
            }
            if let Some(enabled) = value.enabled {
                documents::switch(tx, &document, enabled).await?;
                revised = documents::find(tx, id).await?;
            }
            Ok::<_, Problem>(revised)
        })
        .await?;
    Ok(Tagged(revised.into()))
}
