use super::relevant::{self, NewJudgement, check_documents};
use crate::extract::{Authorized, EvaluationsWrite, Fields, FromFields, JsonBody, PathId};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::TestQuestionId;
use store::test_sets::Judgement;
use utoipa::ToSchema;

/// What is relevant to a question.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct Judgements {
    /// Each document once; empty: nothing is.
    #[schema(max_items = 500)]
    relevant: Vec<NewJudgement>,
}

pub(crate) struct Judge(Vec<Judgement>);

impl FromFields for Judge {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let value = fields.required_value("relevant")?;
        Some(Self(relevant::read(fields, value)?))
    }
}

/// Judge a question of a test set
///
/// Says which documents are relevant to it, in place of what was said before.
#[utoipa::path(
    put,
    path = "/v1/test-questions/{id}/judgements",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:write"])),
    params(("id" = Uuid, Path, description = "The question.")),
    request_body = Judgements,
    responses(
        (status = 204, description = "It is judged."),
        (status = 404, description = "There is no such question, or a `document_id` names no document of its knowledge base."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn judge_test_question(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsWrite>,
    PathId(id): PathId<TestQuestionId>,
    JsonBody { value, .. }: JsonBody<Judge>,
) -> Result<StatusCode, Problem> {
    let Judge(judgements) = value;
    state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let base = store::test_sets::base_of_question(tx, id).await?;
            check_documents(tx, base, &[("relevant".to_owned(), judgements.as_slice())]).await?;
            Ok::<_, Problem>(store::test_sets::judge(tx, id, &judgements).await?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
