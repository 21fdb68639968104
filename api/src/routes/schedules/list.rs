use crate::extract::{Authorized, Cursor, FromQuery, JobsRead, Query, QueryFields};
use crate::views::{Page, ScheduleObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::ScheduleId;
use uuid::Uuid;

/// Which page of the list.
pub(crate) struct ListSchedules {
    before: Option<ScheduleId>,
    limit: i64,
}

impl FromQuery for ListSchedules {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            before: before.map(ScheduleId),
            limit: query.limit(),
        })
    }
}

/// List schedules
///
/// The newest first, disabled ones included.
#[utoipa::path(
    get,
    path = "/v1/schedules",
    tag = "Schedules",
    security(("api_key" = ["jobs:read"])),
    params(
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<ScheduleObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
    )
)]
pub(crate) async fn list_schedules(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    Query(ListSchedules { before, limit }): Query<ListSchedules>,
) -> Result<Json<Page<ScheduleObject>>, Problem> {
    caller.refuse_publishable()?;
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::schedules::list(tx, before, limit + 1).await
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |schedule| schedule.id.0,
        ScheduleObject::from,
    )))
}
