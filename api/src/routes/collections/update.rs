use crate::extract::{Authorized, Fields, FromFields, IfMatch, JsonBody, KnowledgeWrite, PathId};
use crate::views::{CollectionObject, Tagged, etag};
use crate::{ApiState, Problem};
use axum::extract::State;
use store::CollectionId;
use store::collections::Changes;
use utoipa::ToSchema;

/// What is to be different; what is absent stays as it is.
#[derive(ToSchema)]
pub(crate) struct CollectionPatch {
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Null: none.
    #[schema(max_length = 2000)]
    description: Option<String>,
}

impl FromFields for CollectionPatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        fields.refuse_null("name");
        let is_taken_away = fields.is_null("description");
        let description = fields.optional_text("description", 0..=2000);
        Some(Self {
            name: fields.optional_name("name", 1..=200),
            description: if is_taken_away {
                Some(String::new())
            } else {
                description
            },
        })
    }
}

/// Change a collection
///
/// Its name or its description; the documents in it stay.
#[utoipa::path(
    patch,
    path = "/v1/collections/{id}",
    tag = "Collections",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The collection."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the collection as it was read."),
    ),
    request_body = CollectionPatch,
    responses(
        (status = 200, description = "The collection as it is now.", body = CollectionObject, headers(("ETag" = String, description = "For If-Match."))),
        (status = 400, description = "If-Match cannot be understood."),
        (status = 404, description = "There is no such collection."),
        (status = 409, description = "A collection of this name exists in the knowledge base."),
        (status = 412, description = "It has changed since it was read."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn update_collection(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<CollectionId>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<CollectionPatch>,
) -> Result<Tagged<CollectionObject>, Problem> {
    let if_match = &if_match;
    let changes = Changes {
        name: value.name,
        description: value.description,
    };
    let changed = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let before = store::collections::lock(tx, id).await?;
            if_match.check(&etag(&CollectionObject::from(before))?)?;
            Ok::<_, Problem>(store::collections::change(tx, id, &changes).await?)
        })
        .await?;
    Ok(Tagged(changed.into()))
}
