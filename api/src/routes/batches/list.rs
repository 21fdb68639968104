use crate::extract::{Authorized, Cursor, FromQuery, JobsRead, Query, QueryFields};
use crate::views::{BatchObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::BatchId;
use store::batches::{BatchFilter, BatchState};
use uuid::Uuid;

/// Which page of which batches.
pub(crate) struct ListBatches(BatchFilter);

impl FromQuery for ListBatches {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        let by_name = |text: &str| BatchState::ALL.into_iter().find(|state| state.as_str() == text);
        Ok(Self(BatchFilter {
            state: query.choice("state", &BatchState::ALL.map(BatchState::as_str), by_name),
            before: before.map(BatchId),
            limit: query.limit(),
        }))
    }
}

/// List batches
///
/// The newest first.
#[utoipa::path(
    get,
    path = "/v1/batches",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(
        ("state" = Option<String>, Query, description = "`running`, `succeeded`, `failed` or `cancelled`."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<BatchObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
    )
)]
pub(crate) async fn list_batches(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    Query(ListBatches(filter)): Query<ListBatches>,
) -> Result<Json<Page<BatchObject>>, Problem> {
    caller.refuse_publishable()?;
    let limit = filter.limit;
    let one_more = BatchFilter {
        limit: limit + 1,
        ..filter
    };
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::batches::list(tx, &one_more).await
        })
        .await?;
    Ok(Json(Page::of(rows, limit, |batch| batch.id.0, BatchObject::from)))
}
