use super::web_config::{ReadConfig, WebConfig, check_addresses};
use crate::extract::{Authorized, Fields, FromFields, JsonBody, KnowledgeWrite, PathId, acl, metadata, or_empty};
use crate::routes::collections::hold_named;
use crate::views::SourceObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use config::Settings;
use jobs::WebSource;
use serde_json::Value;
use store::sources::NewSource;
use store::{CollectionId, KnowledgeBaseId};
use utoipa::ToSchema;
use uuid::Uuid;

/// A source to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct NewSourceBody {
    /// `web`.
    #[schema(example = "web")]
    kind: String,
    /// Unique within the knowledge base.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    config: WebConfig,
    /// Of every document that comes from here.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// Who may see them, as with a document: nobody but the tenant by default.
    #[schema(value_type = Option<Object>)]
    acl: Option<Value>,
    /// A collection of the knowledge base that its documents are put into.
    collection_id: Option<Uuid>,
}

pub(crate) struct CreateSource {
    name: String,
    config: WebSource,
    metadata: Value,
    acl: Value,
    collection_id: Option<CollectionId>,
}

impl FromFields for CreateSource {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let kind = fields.text("kind", 1..=100);
        if kind.is_some_and(|kind| kind != "web") {
            fields.error("kind", "invalid", "is no kind of source; there is `web`");
        }
        let name = fields.name("name", 1..=200);
        let config = fields
            .required_value("config")
            .and_then(|value| fields.nested::<ReadConfig>("config", value));
        let (metadata, acl) = (or_empty(metadata(fields)), or_empty(acl(fields)));
        let collection_id = fields.optional_id("collection_id").map(CollectionId);
        Some(Self {
            name: name?,
            config: config?.0,
            metadata,
            acl,
            collection_id,
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_addresses(fields, settings);
    }
}

/// Make a source
///
/// Its documents come with its first sync: `POST /v1/sources/{id}/sync`, or a schedule of kind `sync_source`.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases/{id}/sources",
    tag = "Sources",
    security(("api_key" = ["knowledge:write"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    request_body = NewSourceBody,
    responses(
        (status = 201, description = "The source.", body = SourceObject, headers(("Location" = String, description = "The source."))),
        (status = 404, description = "There is no such knowledge base, or no such collection in it."),
        (status = 409, description = "A source of this name exists there, or the tenant has as many as it may have."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn create_source(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(base): PathId<KnowledgeBaseId>,
    JsonBody { value, .. }: JsonBody<CreateSource>,
) -> Result<(StatusCode, [(&'static str, String); 1], Json<SourceObject>), Problem> {
    let new = NewSource {
        knowledge_base_id: base,
        kind: "web",
        name: value.name,
        config: serde_json::to_value(&value.config).map_err(|error| Problem::internal(&error))?,
        metadata: value.metadata,
        acl: value.acl,
        collection_id: value.collection_id,
    };
    let made = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::find(tx, base).await?;
            hold_named(tx, base, new.collection_id).await?;
            Ok::<_, Problem>(store::sources::create(tx, &new).await?)
        })
        .await?;
    let location = [("location", format!("/v1/sources/{}", made.id))];
    Ok((StatusCode::CREATED, location, Json(made.into())))
}
