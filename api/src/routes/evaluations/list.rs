use crate::extract::{Authorized, Cursor, EvaluationsRead, FromQuery, PathId, Query, QueryFields};
use crate::views::{EvaluationObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::evaluations::Evaluation;
use store::{EvaluationId, TestSetId};
use uuid::Uuid;

/// Which page.
pub(crate) struct ListEvaluations {
    before: Option<EvaluationId>,
    limit: i64,
}

impl FromQuery for ListEvaluations {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            before: before.map(EvaluationId),
            limit: query.limit(),
        })
    }
}

/// List the evaluations of a test set
///
/// The newest first; the latest hundred are kept.
#[utoipa::path(
    get,
    path = "/v1/test-sets/{id}/evaluations",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:read"])),
    params(
        ("id" = Uuid, Path, description = "The test set."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<EvaluationObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such test set."),
    )
)]
pub(crate) async fn list_evaluations(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsRead>,
    PathId(set): PathId<TestSetId>,
    Query(asked): Query<ListEvaluations>,
) -> Result<Json<Page<EvaluationObject>>, Problem> {
    let limit = asked.limit;
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::test_sets::find(tx, set).await?;
            store::evaluations::list(tx, set, asked.before, limit + 1).await
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |row: &Evaluation| row.id.0,
        EvaluationObject::from,
    )))
}
