use crate::extract::{Authorized, EvaluationsWrite, Fields, FromFields, JsonBody, PathId};
use crate::views::TestSetObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use store::KnowledgeBaseId;
use utoipa::ToSchema;

/// A test set to be made.
#[derive(Debug, ToSchema)]
pub(crate) struct CreateTestSet {
    /// Unique within the knowledge base.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

impl FromFields for CreateTestSet {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            name: fields.name("name", 1..=200)?,
        })
    }
}

/// Make a test set
///
/// Empty: questions are added to it, or drawn from what clients asked.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases/{id}/test-sets",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:write"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    request_body = CreateTestSet,
    responses(
        (status = 201, description = "The test set.", body = TestSetObject, headers(("Location" = String, description = "The test set."))),
        (status = 404, description = "There is no such knowledge base."),
        (status = 409, description = "A test set of this name exists there, or the base has as many as it may have."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn create_test_set(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsWrite>,
    PathId(base): PathId<KnowledgeBaseId>,
    JsonBody { value, .. }: JsonBody<CreateTestSet>,
) -> Result<(StatusCode, [(&'static str, String); 1], Json<TestSetObject>), Problem> {
    let made = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::find(tx, base).await?;
            store::test_sets::create(tx, base, &value.name).await
        })
        .await?;
    let location = [("location", format!("/v1/test-sets/{}", made.id))];
    Ok((StatusCode::CREATED, location, Json(made.into())))
}
