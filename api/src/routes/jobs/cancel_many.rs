use super::cancel::count_undecided;
use super::named::{NO_MATCH, NOT_FOUND, unmatched};
use crate::extract::{Authorized, Cursor, Fields, FromFields, JobsWrite, JsonBody};
use crate::work::require_kind;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use jobs::Pool;
use serde::Serialize;
use store::jobs::{CancelFilter, JobFilter, JobState, NamedJob, Unended, cancel_many, unended};
use store::{BatchId, DocumentId, JobId, ScheduleId, TenantTx};
use utoipa::ToSchema;
use uuid::Uuid;

/// The most that one request acts on.
const MOST: i64 = 1000;
const DEFAULT: i64 = 100;
const STATES: [(&str, JobState); 4] = [
    ("scheduled", JobState::Scheduled),
    ("queued", JobState::Queued),
    ("retryable", JobState::Retryable),
    ("running", JobState::Running),
];
/// `ids` or at least one of them is given: a body that says nothing is more often a mistake than the wish to cancel everything.
const OTHERS: [&str; 8] = [
    "state",
    "kind",
    "pool",
    "parent_id",
    "schedule_id",
    "document_id",
    "created_after",
    "created_before",
];

/// Which jobs are cancelled. Fields that are absent let everything through; at least one says which.
#[derive(Debug, ToSchema)]
#[schema(as = CancelFields)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct CancelBody {
    /// Only these.
    ids: Option<Vec<Uuid>>,
    /// `scheduled`, `queued`, `retryable` or `running`; all of them by default.
    state: Option<String>,
    /// One that there is, or that a job is kept of.
    kind: Option<String>,
    /// `ingest`, `retrieval`, `general` or `delivery`.
    pool: Option<String>,
    /// Only jobs of this batch. To cancel the batch itself, with the job that follows it, there is `POST /v1/batches/{id}/cancel`.
    parent_id: Option<Uuid>,
    /// Only jobs that this schedule made.
    schedule_id: Option<Uuid>,
    document_id: Option<Uuid>,
    created_after: Option<DateTime<Utc>>,
    created_before: Option<DateTime<Utc>>,
    /// 1 to 1000; 100 by default, or as many as there are `ids`.
    limit: Option<i64>,
    /// `next_cursor` of the answer before: go on behind what that one looked at.
    cursor: Option<String>,
    /// Only say what would happen.
    dry_run: Option<bool>,
}

#[derive(Debug)]
pub(crate) struct CancelRequest {
    filter: CancelFilter,
    dry_run: bool,
}

impl FromFields for CancelRequest {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let is_given = |name: &&str| !fields.is_absent(name) && !fields.is_null(name);
        if !std::iter::once(&"ids").chain(&OTHERS).any(is_given) {
            let message = format!("must be given, or at least one of {}", OTHERS.join(", "));
            fields.error("ids", "required", message);
        }
        let ids: Vec<Uuid> = fields.optional_ids("ids", 1..=1000).unwrap_or_default();
        let limit = fields.optional_integer("limit", 1..=MOST);
        let pools = Pool::ALL.map(|pool| (pool.as_str(), pool));
        let of = JobFilter {
            state: fields.optional_choice("state", &STATES),
            kind: fields.optional_text("kind", 1..=100),
            pool: fields.optional_choice("pool", &pools).map(|pool| pool.to_string()),
            parent_id: fields.optional_id("parent_id").map(BatchId),
            schedule_id: fields.optional_id("schedule_id").map(ScheduleId),
            document_id: fields.optional_id("document_id").map(DocumentId),
            created_after: fields.optional_time("created_after"),
            created_before: fields.optional_time("created_before"),
            before: fields.optional_cursor("cursor").map(JobId),
            limit: limit.unwrap_or(if ids.is_empty() { DEFAULT } else { MOST }),
        };
        Some(Self {
            filter: CancelFilter {
                ids: ids.into_iter().map(JobId).collect(),
                of,
            },
            dry_run: fields.optional_bool("dry_run").unwrap_or(false),
        })
    }
}

/// What was cancelled, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cancellation {
    pub(crate) dry_run: bool,
    /// Those that waited, and never start.
    pub(crate) cancelled: Vec<Uuid>,
    /// Those that run, whose workers are told to stop; one may still succeed before it hears.
    pub(crate) stopping: Vec<Uuid>,
    pub(crate) skipped: Vec<NotCancelled>,
    /// With `dry_run`: each job that matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) preview: Vec<CancelPreview>,
    /// There are more that match: call again, with `next_cursor` to go on behind those that were skipped.
    pub(crate) more: bool,
    /// Null when there are no more.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

/// A job that is not cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotCancelled {
    pub(crate) id: Uuid,
    /// `deletion`: it carries one out, which is not called off; `ended`: it has ended; `effect_unknown`: whether one of its calls took effect is not known,
    /// so that it is dead, and a retry decides. Of `ids` besides, unless behind a `cursor`: `not_found`: there is no such job; `stopping`: its worker was told
    /// before; `no_match`: the other fields leave it out.
    #[schema(example = "deletion")]
    pub(crate) reason: &'static str,
}

/// A job that would be cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CancelPreview {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) pool: String,
    #[schema(value_type = String, example = "queued")]
    pub(crate) state: JobState,
    pub(crate) created_at: DateTime<Utc>,
}

/// Cancel many jobs
///
/// Cancels every job that matches and has not ended, the newest first, as a cancellation of each would. With `dry_run` nothing is changed, and `preview` shows the jobs.
/// A job with a call of unknown outcome is skipped, and dead.
/// Deliveries of webhooks are cancelled only where `ids`, the kind `deliver_webhook` or the pool `delivery` names them.
#[utoipa::path(
    post,
    path = "/v1/jobs/cancel",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    request_body = CancelBody,
    responses(
        (status = 200, description = "What was cancelled and what was not.", body = Cancellation),
        (status = 400, description = "The body cannot be read as what it says it is, or the cursor is none that this request returned."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown, or none says which jobs."),
    )
)]
pub(crate) async fn cancel_jobs(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    JsonBody { value, .. }: JsonBody<CancelRequest>,
) -> Result<Json<Cancellation>, Problem> {
    let (cancellation, dead) = state
        .store
        .tenant(caller.tenant(), async move |tx| cancel(tx, value).await)
        .await?;
    if !cancellation.dry_run {
        dead.iter().for_each(|kind| count_undecided(kind));
        let jobs = |ids: &[Uuid]| ids.iter().copied().map(JobId).collect::<Vec<JobId>>();
        state.queue.announce_cancellation(&jobs(&cancellation.stopping)).await;
        state.queue.announce_changes(&jobs(&cancellation.cancelled)).await;
        let undecided = cancellation.skipped.iter().filter(|job| job.reason == UNDECIDED);
        let undecided: Vec<Uuid> = undecided.map(|job| job.id).collect();
        state.queue.announce_changes(&jobs(&undecided)).await;
    }
    Ok(Json(cancellation))
}

const ENDED: &str = "ended";
/// The job is dead of it.
const UNDECIDED: &str = "effect_unknown";

/// With the kinds of the jobs that are dead of it.
async fn cancel(tx: &mut TenantTx, request: CancelRequest) -> Result<(Cancellation, Vec<String>), Problem> {
    let CancelRequest { mut filter, dry_run } = request;
    let limit = usize::try_from(filter.of.limit).unwrap_or(0);
    // All that are named are looked for: else those behind the limit could not be told from those that do not match.
    filter.of.limit = if filter.ids.is_empty() {
        filter.of.limit + 1
    } else {
        MOST
    };
    let mut found = unended(tx, &filter).await?;
    let is_found = !found.is_empty() || filter.of.before.is_some();
    require_kind(filter.of.kind.as_deref(), is_found, Problem::invalid)?;
    let matched: Vec<JobId> = found.iter().map(|job| job.id).collect();
    let others = match filter.of.before {
        None => unmatched(tx, &filter.ids, &matched).await?,
        Some(_) => Vec::new(),
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|job| job.id.0.to_cursor());
    let (deletions, wanted): (Vec<Unended>, Vec<Unended>) = found.into_iter().partition(|job| job.is_deletion);
    let told: Vec<(JobId, JobState)> = if dry_run {
        wanted.iter().map(|job| (job.id, job.foretold())).collect()
    } else {
        let ids: Vec<JobId> = wanted.iter().map(|job| job.id).collect();
        cancel_many(tx, &ids).await?
    };
    let ids = |of: &dyn Fn(JobState) -> bool| {
        let those = told.iter().filter(|(_, state)| of(*state));
        those.map(|(id, _)| id.0).collect::<Vec<Uuid>>()
    };
    let ended = wanted.iter().filter(|job| told.iter().all(|(id, _)| *id != job.id));
    let skipped = deletions.iter().map(|job| NotCancelled::of(job.id.0, "deletion"));
    let skipped = skipped.chain(ended.map(|job| NotCancelled::of(job.id.0, ENDED)));
    let others = others
        .iter()
        .map(|(id, job)| NotCancelled::of(id.0, why_not(job.as_ref())));
    let undecided = ids(&|state| state == JobState::Dead);
    let of_dead = wanted.iter().filter(|job| undecided.contains(&job.id.0));
    let dead: Vec<String> = of_dead.map(|job| job.kind.clone()).collect();
    let cancellation = Cancellation {
        dry_run,
        cancelled: ids(&|state| !matches!(state, JobState::Running | JobState::Dead)),
        stopping: ids(&|state| state == JobState::Running),
        skipped: skipped
            .chain(undecided.into_iter().map(|id| NotCancelled::of(id, UNDECIDED)))
            .chain(others)
            .collect(),
        preview: wanted.iter().filter(|_| dry_run).map(CancelPreview::of).collect(),
        more,
        next_cursor,
    };
    Ok((cancellation, dead))
}

/// Why a job that was named was not even looked at.
fn why_not(job: Option<&NamedJob>) -> &'static str {
    match job {
        None => NOT_FOUND,
        Some(job) if job.state.has_ended() => ENDED,
        Some(job) if job.cancel_requested => "stopping",
        Some(_) => NO_MATCH,
    }
}

impl NotCancelled {
    fn of(id: Uuid, reason: &'static str) -> Self {
        Self { id, reason }
    }
}

impl CancelPreview {
    fn of(job: &Unended) -> Self {
        Self {
            id: job.id.0,
            kind: job.kind.clone(),
            pool: job.pool.clone(),
            state: job.state,
            created_at: job.created_at,
        }
    }
}
