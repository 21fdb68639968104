use super::web_config::{ReadConfig, WebConfig, check_addresses};
use crate::extract::{
    Authorized, Fields, FromFields, IfMatch, JsonBody, KnowledgeWrite, PathId, acl, metadata, or_empty,
};
use crate::routes::collections::{changed_collection, hold_named};
use crate::views::{SourceObject, Tagged, etag};
use crate::{ApiState, Problem};
use axum::extract::State;
use config::Settings;
use serde_json::Value;
use store::sources::Changes;
use store::{CollectionId, SourceId};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is to be different; what is absent stays as it is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct SourcePatch {
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Takes the place of the config as a whole.
    config: Option<WebConfig>,
    /// Null: none.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// Null: nobody but the tenant.
    #[schema(value_type = Option<Object>)]
    acl: Option<Value>,
    /// The collection that its documents are put into, also those that it has. Null: none.
    collection_id: Option<Uuid>,
}

pub(crate) struct UpdateSource {
    name: Option<String>,
    config: Option<ReadConfig>,
    metadata: Option<Value>,
    acl: Option<Value>,
    collection_id: Option<Option<CollectionId>>,
}

impl FromFields for UpdateSource {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        ["name", "config"].into_iter().for_each(|name| fields.refuse_null(name));
        let is_there = |fields: &Fields, name: &str| !fields.is_absent(name) || fields.is_null(name);
        let (has_metadata, has_acl) = (is_there(fields, "metadata"), is_there(fields, "acl"));
        Some(Self {
            name: fields.optional_name("name", 1..=200),
            config: fields.value("config").and_then(|value| fields.nested("config", value)),
            metadata: has_metadata.then(|| or_empty(metadata(fields))),
            acl: has_acl.then(|| or_empty(acl(fields))),
            collection_id: changed_collection(fields),
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_addresses(fields, settings);
    }
}

/// Change a source
///
/// Its documents have its metadata and its access list, and are in its collection, at once, also those that a running sync submits: whom the new list does not let in is shown nothing of
/// them once this answers. After a change of the config the next sync asks for every page as if it had none.
#[utoipa::path(
    patch,
    path = "/v1/sources/{id}",
    tag = "Sources",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The source."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the source as it was read."),
    ),
    request_body = SourcePatch,
    responses(
        (status = 200, description = "The source as it is now.", body = SourceObject, headers(("ETag" = String, description = "For If-Match."))),
        (status = 400, description = "If-Match cannot be understood."),
        (status = 404, description = "There is no such source, or no such collection in its knowledge base."),
        (status = 409, description = "A source of this name exists in the knowledge base."),
        (status = 412, description = "It has changed since it was read."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn update_source(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<SourceId>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<UpdateSource>,
) -> Result<Tagged<SourceObject>, Problem> {
    let if_match = &if_match;
    let config = value.config.map(|config| serde_json::to_value(&config.0)).transpose();
    let changes = Changes {
        name: value.name,
        config: config.map_err(|error| Problem::internal(&error))?,
        metadata: value.metadata,
        acl: value.acl,
        collection_id: value.collection_id,
    };
    let changed = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let before = store::sources::lock(tx, id).await?;
            if_match.check(&etag(&SourceObject::from(before.clone()))?)?;
            if let Some(Some(collection)) = changes.collection_id {
                let base = before.knowledge_base_id;
                hold_named(tx, base, Some(collection)).await?;
            }
            Ok::<_, Problem>(store::sources::change(tx, id, &changes).await?)
        })
        .await?;
    Ok(Tagged(changed.into()))
}
