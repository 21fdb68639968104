use crate::extract::{Authorized, Cursor, EvaluationsRead, FromQuery, PathId, Query, QueryFields};
use crate::views::{Page, TestSetObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::test_sets::TestSet;
use store::{KnowledgeBaseId, TestSetId};
use uuid::Uuid;

/// Which page.
pub(crate) struct ListTestSets {
    before: Option<TestSetId>,
    limit: i64,
}

impl FromQuery for ListTestSets {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            before: before.map(TestSetId),
            limit: query.limit(),
        })
    }
}

/// List the test sets of a knowledge base
///
/// The newest first.
#[utoipa::path(
    get,
    path = "/v1/knowledge-bases/{id}/test-sets",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:read"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<TestSetObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such knowledge base."),
    )
)]
pub(crate) async fn list_test_sets(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsRead>,
    PathId(base): PathId<KnowledgeBaseId>,
    Query(asked): Query<ListTestSets>,
) -> Result<Json<Page<TestSetObject>>, Problem> {
    let limit = asked.limit;
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::knowledge_bases::find(tx, base).await?;
            store::test_sets::list(tx, base, asked.before, limit + 1).await
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |row: &TestSet| row.id.0,
        TestSetObject::from,
    )))
}
