use crate::extract::{Authorized, Cursor, EvaluationsRead, FromQuery, PathId, Query, QueryFields};
use crate::views::{Page, TestQuestionObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::test_sets::{Question, QuestionFilter};
use store::{TestQuestionId, TestSetId};
use uuid::Uuid;

/// Which page of which questions.
pub(crate) struct ListTestQuestions {
    judged: Option<bool>,
    after: Option<TestQuestionId>,
    limit: i64,
}

impl FromQuery for ListTestQuestions {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let after = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            judged: query.choice("judged", &["true", "false"], |text| text.parse().ok()),
            after: after.map(TestQuestionId),
            limit: query.limit(),
        })
    }
}

/// List the questions of a test set
///
/// As they were added, each with what is relevant to it.
#[utoipa::path(
    get,
    path = "/v1/test-sets/{id}/questions",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:read"])),
    params(
        ("id" = Uuid, Path, description = "The test set."),
        ("judged" = Option<bool>, Query, description = "Only those that were judged, or only the others."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<TestQuestionObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such test set."),
    )
)]
pub(crate) async fn list_test_questions(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsRead>,
    PathId(id): PathId<TestSetId>,
    Query(asked): Query<ListTestQuestions>,
) -> Result<Json<Page<TestQuestionObject>>, Problem> {
    let limit = asked.limit;
    let filter = QuestionFilter {
        set: id,
        judged: asked.judged,
        after: asked.after,
        limit: limit + 1,
    };
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::test_sets::find(tx, id).await?;
            store::test_sets::list_questions(tx, &filter).await
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |row: &Question| row.id.0,
        TestQuestionObject::from,
    )))
}
