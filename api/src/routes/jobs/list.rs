use crate::extract::{Authorized, Cursor, FromQuery, JobsRead, Query, QueryFields};
use crate::views::{FullJob, JobObject, Page, fill_in};
use crate::work::require_kind;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use jobs::Pool;
use std::collections::HashMap;
use store::jobs::{Attempt, JobFilter, JobState};
use store::{BatchId, DocumentId, JobId, ScheduleId};
use uuid::Uuid;

/// Which page of which jobs.
pub(crate) struct ListJobs(JobFilter);

impl FromQuery for ListJobs {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self(JobFilter {
            state: query.choice("state", &JobState::ALL.map(JobState::as_str), |text| text.parse().ok()),
            kind: query.name("kind"),
            pool: query
                .choice("pool", &Pool::ALL.map(Pool::as_str), |text| text.parse::<Pool>().ok())
                .map(|pool| pool.to_string()),
            parent_id: query.id("parent_id").map(BatchId),
            schedule_id: query.id("schedule_id").map(ScheduleId),
            document_id: query.id("document_id").map(DocumentId),
            created_after: query.time("created_after"),
            created_before: query.time("created_before"),
            before: before.map(JobId),
            limit: query.limit(),
        }))
    }
}

/// List jobs
///
/// The newest first. Not for publishable keys: one key serves all visitors of a page, and each is to find their own jobs only.
#[utoipa::path(
    get,
    path = "/v1/jobs",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(
        ("state" = Option<String>, Query, description = "`scheduled`, `queued`, `running`, `retryable`, `succeeded`, `dead` or `cancelled`."),
        ("kind" = Option<String>, Query, description = "For example `ingest_document`."),
        ("pool" = Option<String>, Query, description = "`ingest`, `retrieval`, `general` or `delivery`."),
        ("parent_id" = Option<Uuid>, Query, description = "Only jobs of this batch."),
        ("schedule_id" = Option<Uuid>, Query, description = "Only jobs that this schedule made."),
        ("document_id" = Option<Uuid>, Query, description = "Only jobs of this document."),
        ("created_after" = Option<String>, Query, description = "RFC 3339."),
        ("created_before" = Option<String>, Query, description = "RFC 3339."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<JobObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
    )
)]
pub(crate) async fn list_jobs(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    Query(ListJobs(filter)): Query<ListJobs>,
) -> Result<Json<Page<JobObject>>, Problem> {
    caller.refuse_publishable()?;
    let limit = filter.limit;
    let one_more = JobFilter {
        limit: limit + 1,
        ..filter
    };
    let (rows, attempts) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let mut rows = store::jobs::list(tx, &one_more).await?;
            let is_found = !rows.is_empty() || one_more.before.is_some();
            require_kind(one_more.kind.as_deref(), is_found, Problem::invalid_query)?;
            fill_in(tx, &mut rows).await?;
            let attempts = store::jobs::attempts_of(tx, &rows).await?;
            Ok::<_, Problem>((rows, attempts))
        })
        .await?;
    let mut of_job: HashMap<JobId, Vec<Attempt>> = HashMap::new();
    for attempt in attempts {
        of_job.entry(attempt.job_id).or_default().push(attempt);
    }
    let full: Vec<FullJob> = rows
        .into_iter()
        .map(|job| FullJob {
            attempts: of_job.remove(&job.id).unwrap_or_default(),
            job,
        })
        .collect();
    Ok(Json(Page::of(
        full,
        limit,
        |full| full.job.id.0,
        |full| JobObject::of(&full),
    )))
}
