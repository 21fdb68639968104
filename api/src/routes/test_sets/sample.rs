use crate::extract::{Authorized, EvaluationsWrite, Fields, FromFields, OptionalJsonBody, PathId};
use crate::views::{Page, TestQuestionObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::TestSetId;
use utoipa::ToSchema;

/// How many questions to draw.
#[derive(Debug, ToSchema)]
pub(crate) struct SampleQuestions {
    /// 20 by default.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl FromFields for SampleQuestions {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            limit: fields.optional_integer("limit", 1..=200),
        })
    }
}

/// Draw questions that clients asked
///
/// At random from the searches and questions of the set's knowledge base whose jobs are still kept, each once and none that the set has. They
/// are added without judgements: evaluations leave them out until somebody has judged them.
#[utoipa::path(
    post,
    path = "/v1/test-sets/{id}/sample",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:write"])),
    params(("id" = Uuid, Path, description = "The test set.")),
    request_body(content = SampleQuestions, description = "May be left out."),
    responses(
        (status = 200, description = "What was added: fewer than asked where there are no more.", body = Page<TestQuestionObject>),
        (status = 404, description = "There is no such test set."),
        (status = 409, description = "The set would have more questions than it may have."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn sample_test_questions(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsWrite>,
    PathId(id): PathId<TestSetId>,
    OptionalJsonBody(value): OptionalJsonBody<SampleQuestions>,
) -> Result<Json<Page<TestQuestionObject>>, Problem> {
    let limit = value.limit.unwrap_or(20);
    let drawn = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::test_sets::sample(tx, id, limit).await
        })
        .await?;
    Ok(Json(Page::whole(
        drawn.into_iter().map(TestQuestionObject::from).collect(),
    )))
}
