use crate::extract::{Authorized, Cursor, EvaluationsRead, FromQuery, PathId, Query, QueryFields};
use crate::views::{Page, ScoredQuestionObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::evaluations::{Scored, ScoredFilter};
use store::{EvaluationId, TestQuestionId};
use uuid::Uuid;

/// Which page.
pub(crate) struct ListScoredQuestions {
    after: Option<TestQuestionId>,
    limit: i64,
}

impl FromQuery for ListScoredQuestions {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let after = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            after: after.map(TestQuestionId),
            limit: query.limit(),
        })
    }
}

/// List what an evaluation found, question by question
///
/// In the order of the test set; while it runs, those that have been asked. Questions that were deleted since are not among them.
#[utoipa::path(
    get,
    path = "/v1/evaluations/{id}/questions",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:read"])),
    params(
        ("id" = Uuid, Path, description = "The evaluation."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<ScoredQuestionObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such evaluation."),
    )
)]
pub(crate) async fn list_scored_questions(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsRead>,
    PathId(id): PathId<EvaluationId>,
    Query(asked): Query<ListScoredQuestions>,
) -> Result<Json<Page<ScoredQuestionObject>>, Problem> {
    let limit = asked.limit;
    let filter = ScoredFilter {
        evaluation: id,
        after: asked.after,
        limit: limit + 1,
    };
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::evaluations::find(tx, id).await?;
            store::evaluations::list_scored(tx, &filter).await
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |row: &Scored| row.question_id.0,
        ScoredQuestionObject::from,
    )))
}
