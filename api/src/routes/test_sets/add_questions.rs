use super::relevant::{self, NewJudgement, check_documents};
use crate::extract::{Authorized, EvaluationsWrite, Fields, FromFields, JsonBody, PathId};
use crate::views::AddedQuestionsObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use std::collections::HashSet;
use store::TestSetId;
use store::test_sets::{Judgement, NewQuestion};
use utoipa::ToSchema;

/// Questions in one request.
const MAX_AT_ONCE: usize = 500;

/// Questions to be added.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct NewQuestions {
    #[schema(min_items = 1, max_items = 500)]
    questions: Vec<NewTestQuestion>,
}

/// A question to be added. One that the set has already keeps its id, and gets these judgements.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct NewTestQuestion {
    #[schema(min_length = 1, max_length = 2000)]
    query: String,
    /// What is relevant to it, each document once; absent: nobody has judged it yet.
    #[schema(max_items = 500)]
    relevant: Option<Vec<NewJudgement>>,
}

pub(crate) struct AddQuestions(Vec<NewQuestion>);

struct ReadQuestion(NewQuestion);

impl FromFields for ReadQuestion {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let query = fields.text("query", 1..=2000);
        let judgements = match fields.value("relevant") {
            Some(value) => Some(relevant::read(fields, value)?),
            None => None,
        };
        Some(Self(NewQuestion {
            query: query?,
            judgements,
        }))
    }
}

impl FromFields for AddQuestions {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let value = fields.required_value("questions")?;
        let read = fields.list("questions", value, 1..=MAX_AT_ONCE, |fields, name, item| {
            fields.nested::<ReadQuestion>(name, item)
        })?;
        let questions: Vec<NewQuestion> = read.into_iter().map(|read| read.0).collect();
        let mut seen = HashSet::new();
        if let Some(at) = questions.iter().position(|question| !seen.insert(&question.query)) {
            fields.error(&format!("questions.{at}.query"), "duplicate", "is listed twice");
            return None;
        }
        Some(Self(questions))
    }
}

/// Add questions to a test set
///
/// All of them or none. A query that the set has is not added again: its judgements are replaced, so that a set can be imported twice.
#[utoipa::path(
    post,
    path = "/v1/test-sets/{id}/questions",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:write"])),
    params(("id" = Uuid, Path, description = "The test set.")),
    request_body = NewQuestions,
    responses(
        (status = 200, description = "How many were new.", body = AddedQuestionsObject),
        (status = 404, description = "There is no such test set, or a `document_id` names no document of its knowledge base."),
        (status = 409, description = "The set would have more questions than it may have."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn add_test_questions(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsWrite>,
    PathId(id): PathId<TestSetId>,
    JsonBody { value, .. }: JsonBody<AddQuestions>,
) -> Result<Json<AddedQuestionsObject>, Problem> {
    let AddQuestions(questions) = value;
    let added = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let base = store::test_sets::find(tx, id).await?.knowledge_base_id;
            let lists = questions.iter().enumerate().filter_map(|(at, question)| {
                let judgements = question.judgements.as_deref()?;
                Some((format!("questions.{at}.relevant"), judgements))
            });
            let lists: Vec<(String, &[Judgement])> = lists.collect();
            check_documents(tx, base, &lists).await?;
            Ok::<_, Problem>(store::test_sets::add_questions(tx, id, &questions).await?)
        })
        .await?;
    Ok(Json(added.into()))
}
