use crate::extract::{Authorized, Cursor, FromQuery, JobsRead, Query, QueryFields};
use crate::views::{BatchObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::BatchId;
use uuid::Uuid;

/// Which page of the batches.
pub(crate) struct ListBatches {
    before: Option<BatchId>,
    limit: i64,
}

impl FromQuery for ListBatches {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            before: before.map(BatchId),
            limit: query.limit(),
        })
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
    Query(ListBatches { before, limit }): Query<ListBatches>,
) -> Result<Json<Page<BatchObject>>, Problem> {
    caller.refuse_publishable()?;
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::batches::list(tx, before, limit + 1).await
        })
        .await?;
    Ok(Json(Page::of(rows, limit, |batch| batch.id.0, BatchObject::from)))
}
