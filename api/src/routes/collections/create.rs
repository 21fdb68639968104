use crate::extract::{Authorized, Fields, FromFields, JsonBody, KnowledgeWrite, PathId};
use crate::views::CollectionObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use store::KnowledgeBaseId;
use store::collections::NewCollection;
use utoipa::ToSchema;

/// A collection to be made.
#[derive(ToSchema)]
pub(crate) struct CreateCollection {
    /// Unique within the knowledge base.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is for, in your words.
    #[schema(max_length = 2000)]
    description: Option<String>,
}

impl FromFields for CreateCollection {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let name = fields.name("name", 1..=200);
        let description = fields.optional_text("description", 0..=2000);
        Some(Self {
            name: name?,
            description,
        })
    }
}

/// Make a collection
///
/// Documents are put into it where they are submitted or changed (`collection_id`), and those of a source by the source.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases/{id}/collections",
    tag = "Collections",
    security(("api_key" = ["knowledge:write"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    request_body = CreateCollection,
    responses(
        (status = 201, description = "The collection.", body = CollectionObject, headers(("Location" = String, description = "The collection."))),
        (status = 404, description = "There is no such knowledge base."),
        (status = 409, description = "A collection of this name exists there, or the knowledge base has as many as it may have."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn create_collection(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(base): PathId<KnowledgeBaseId>,
    JsonBody { value, .. }: JsonBody<CreateCollection>,
) -> Result<(StatusCode, [(&'static str, String); 1], Json<CollectionObject>), Problem> {
    let new = NewCollection {
        knowledge_base_id: base,
        name: value.name,
        description: value.description.unwrap_or_default(),
    };
    let made = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::find(tx, base).await?;
            store::collections::create(tx, &new).await
        })
        .await?;
    let location = [("location", format!("/v1/collections/{}", made.id))];
    Ok((StatusCode::CREATED, location, Json(made.into())))
}
