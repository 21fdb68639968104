use super::language::is_language;
use crate::extract::{Authorized, Fields, FromFields, JsonBody, KnowledgeWrite, WorkOptions};
use crate::views::KnowledgeBaseObject;
use crate::work::{self, still_there, take_key};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use config::{ModelSettings, Settings};
use jobs::FieldError;
use store::knowledge_bases::NewKnowledgeBase;
use store::{KnowledgeBaseId, VectorStore};
use utoipa::ToSchema;

/// A knowledge base to be made.
#[derive(Debug, ToSchema)]
pub(crate) struct CreateKnowledgeBase {
    /// Unique within the tenant; no control characters.
    #[schema(min_length = 1, max_length = 200, example = "Help centre")]
    name: String,
    /// A two-letter code of ISO 639-1, or `auto`: each document in the language it is found to be written in. `en` by default.
    #[schema(example = "en")]
    language: Option<String>,
    /// An available one of `GET /v1/models`; by default the installation's. `POST /v1/knowledge-bases/{id}/embedding-migration` changes it.
    embedding_model: Option<String>,
    /// Where searches compare vectors: `embedded`, in the workers, which is the default and serves up to some 400,000 chunks; or `qdrant`, where the
    /// installation has a server.
    #[schema(value_type = Option<String>, example = "embedded")]
    vector_store: Option<VectorStore>,
}

impl FromFields for CreateKnowledgeBase {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let name = read_name(fields);
        let language = fields.optional_text("language", 1..=10);
        if language
            .as_ref()
            .is_some_and(|language| language != "auto" && !is_language(language))
        {
            fields.error(
                "language",
                "unknown_language",
                "must be a two-letter code of ISO 639-1, such as en, or auto",
            );
        }
        let embedding_model = fields.optional_text("embedding_model", 1..=200);
        let vector_store = read_vector_store(fields);
        Some(Self {
            name: name?,
            language,
            embedding_model,
            vector_store,
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_model(fields, settings);
        check_vector_store(fields, settings);
    }
}

/// `vector_store`, if it is there.
pub(crate) fn read_vector_store(fields: &mut Fields) -> Option<VectorStore> {
    let choices = VectorStore::ALL.map(|store| (store.as_str(), store));
    fields.optional_choice("vector_store", &choices)
}

/// Whether the installation has what `vector_store` names.
pub(crate) fn check_vector_store(fields: &mut Fields, settings: &Settings) {
    let named = fields.peek_text("vector_store").and_then(|name| name.parse().ok());
    if let Some(why) = named.and_then(|store| unusable_store(settings, store)) {
        fields.error("vector_store", "unavailable", format!("cannot be qdrant: {why}"));
    }
}

/// Why the vectors of no index can be there, if so: a sentence without its full stop.
pub(crate) fn unusable_store(settings: &Settings, store: VectorStore) -> Option<&'static str> {
    match store {
        VectorStore::Embedded => None,
        VectorStore::Qdrant => settings.qdrant.unavailable(),
    }
}

/// `name`, which must be there, without white space around it.
pub(super) fn read_name(fields: &mut Fields) -> Option<String> {
    fields.name("name", 1..=200)
}

/// Make a knowledge base
///
/// It is there, and empty, when this answers. With an Idempotency-Key the same request answers with the same base for 24 hours.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:write"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again.")),
    request_body = CreateKnowledgeBase,
    responses(
        (status = 201, description = "The knowledge base.", body = KnowledgeBaseObject, headers(("Location" = String, description = "Where it is."))),
        (status = 409, description = "A base of this name exists, or the idempotency key was used for another request, or for a base that was deleted since."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn create_knowledge_base(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    options: WorkOptions,
    body: JsonBody<CreateKnowledgeBase>,
) -> Result<(StatusCode, HeaderMap, Json<KnowledgeBaseObject>), Problem> {
    let CreateKnowledgeBase {
        name,
        language,
        embedding_model,
        vector_store,
    } = body.value;
    let model = embedding_model.unwrap_or_else(|| state.embedding_model_id.to_string());
    // One that is named was looked at with the other fields.
    usable_model(&state.settings.models, &model).map_err(|error| Problem::invalid(vec![error]))?;
    let id = KnowledgeBaseId::generate();
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: body.hash,
    };
    let request = &request;
    let (base, replayed) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            if let Some(existing) = take_key(tx, request, id.0).await? {
                let found = store::knowledge_bases::find(tx, KnowledgeBaseId(existing)).await;
                return Ok::<_, Problem>((still_there(found)?, true));
            }
            let language = language.as_deref().unwrap_or("en");
            let new = NewKnowledgeBase {
                id,
                name: &name,
                language,
                embedding_model: &model,
                vector_store: vector_store.unwrap_or_default(),
            };
            Ok((store::knowledge_bases::create(tx, &new).await?, false))
        })
        .await?;
    let mut headers = HeaderMap::new();
    let location = HeaderValue::from_str(&format!("/v1/knowledge-bases/{}", base.id))
        .map_err(|error| Problem::internal(&error))?;
    headers.insert(header::LOCATION, location);
    if replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok((StatusCode::CREATED, headers, Json(base.into())))
}

/// Whether the installation has what `embedding_model` names; a blank name is for the reading.
pub(crate) fn check_model(fields: &mut Fields, settings: &Settings) {
    let named = fields
        .peek_text("embedding_model")
        .filter(|name| !name.trim().is_empty());
    if let Some(Err(error)) = named.map(|name| usable_model(&settings.models, name)) {
        fields.error(&error.field, &error.code, error.message);
    }
}

/// Whether a base can be given the model; the error is of the field `embedding_model`.
///
/// # Errors
/// Why not.
fn usable_model(models: &ModelSettings, name: &str) -> Result<(), FieldError> {
    let Some(model) = models.catalogue.get(name) else {
        let names = models
            .catalogue
            .iter()
            .filter(|(_, model)| models.unavailable(model).is_none());
        let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
        let message = format!("must be a model that this installation offers: {}", names.join(", "));
        return Err(FieldError::new("embedding_model", "unknown_model", message));
    };
    models.unavailable(model).map_or(Ok(()), |why| {
        let message = format!("cannot be `{name}`: {why}");
        Err(FieldError::new("embedding_model", "model_unavailable", message))
    })
}
