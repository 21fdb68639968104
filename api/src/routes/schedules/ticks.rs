use crate::extract::{Authorized, FromQuery, JobsRead, PathId, Query, QueryFields};
use crate::views::Page;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, FixedOffset, Utc};
use jobs::schedules::{Timetable, jitter};
use serde::Serialize;
use store::{ScheduleId, StoreError};
use utoipa::ToSchema;

/// How many ticks are wanted.
pub(crate) struct ListTicks {
    count: usize,
}

impl FromQuery for ListTicks {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let count = match query.text("count").map(|text| text.parse::<usize>()) {
            None => 10,
            Some(Ok(count @ 1..=100)) => count,
            Some(_) => {
                query.error("count", "out_of_range", "must be 1 to 100");
                10
            }
        };
        Ok(Self { count })
    }
}

/// A tick to come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tick)]
pub(crate) struct TickObject {
    tick: DateTime<Utc>,
    /// The same, as the schedule's clocks show it.
    #[schema(value_type = String, example = "2026-10-25T02:30:00+02:00")]
    local: DateTime<FixedOffset>,
    /// Jitter later.
    fires_at: DateTime<Utc>,
}

/// Preview ticks
///
/// The next ticks from now on, as they would be were the schedule enabled.
#[utoipa::path(
    get,
    path = "/v1/schedules/{id}/ticks",
    tag = "Schedules",
    security(("api_key" = ["jobs:read"])),
    params(
        ("id" = Uuid, Path, description = "The schedule."),
        ("count" = Option<i64>, Query, description = "1 to 100; 10 by default."),
    ),
    responses(
        (status = 200, description = "So many ticks.", body = Page<TickObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
        (status = 404, description = "There is no such schedule."),
    )
)]
pub(crate) async fn list_ticks(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    PathId(id): PathId<ScheduleId>,
    Query(ListTicks { count }): Query<ListTicks>,
) -> Result<Json<Page<TickObject>>, Problem> {
    caller.refuse_publishable()?;
    let (schedule, now) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let schedule = store::schedules::find(tx, id).await?;
            Ok::<_, StoreError>((schedule, store::schedules::now(tx).await?))
        })
        .await?;
    // What was stored was checked then; a later version may read less.
    let timetable = Timetable::new(&schedule.cron, &schedule.time_zone).map_err(Problem::invalid)?;
    let ticks = timetable
        .ticks_after(now, count)
        .map_err(|error| Problem::internal(&error))?;
    let shown = ticks.into_iter().map(|tick| TickObject {
        tick,
        local: timetable.local(tick),
        fires_at: tick + jitter(schedule.id, tick, schedule.jitter_secs),
    });
    Ok(Json(Page::whole(shown.collect())))
}
