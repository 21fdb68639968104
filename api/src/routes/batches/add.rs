use super::jobs::{batch_jobs, check_jobs, check_jobs_against, read_jobs, require_named_by_all, require_scopes};
use super::wait::answer;
use crate::extract::{Authorized, Fields, FromFields, JobsWrite, JsonBody, PathId, WorkOptions};
use crate::routes::jobs::submit::SubmitJob;
use crate::views::BatchObject;
use crate::work::{self, take_key};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use config::Settings;
use jobs::{AddedBy, add_to_batch};
use store::BatchId;
use utoipa::ToSchema;
use uuid::Uuid;

/// More jobs of a batch.
#[derive(Debug, ToSchema)]
pub(crate) struct AddJobs {
    /// 1 to 1000; may be absent when the batch is closed.
    jobs: Option<Vec<SubmitJob>>,
    /// These are the last: the batch ends with its jobs. False by default.
    close: Option<bool>,
}

impl FromFields for AddJobs {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let close = fields.optional_bool("close");
        let absent = fields.is_absent("jobs");
        let jobs = read_jobs(fields);
        if absent && close != Some(true) {
            fields.error("jobs", "required", "is required, unless the batch is closed");
        }
        Some(Self { jobs, close })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_jobs_against(fields, settings);
    }
}

/// Add jobs to an open batch
///
/// And close it, with `close`: once nothing of it pends it ends, and what follows it runs.
#[utoipa::path(
    post,
    path = "/v1/batches/{id}/jobs",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(
        ("id" = Uuid, Path, description = "The batch."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the end of the batch and of what follows it."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    request_body = AddJobs,
    responses(
        (status = 200, description = "The batch has ended; its state says how.", body = BatchObject),
        (status = 202, description = "The batch.", body = BatchObject, headers(("Location" = String, description = "The batch."))),
        (status = 404, description = "There is no such batch, or a payload names what is not there."),
        (status = 409, description = "The batch takes no more jobs, or the idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "A kind is unknown, or fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn add_jobs(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<BatchId>,
    options: WorkOptions,
    JsonBody { value, hash }: JsonBody<AddJobs>,
) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let jobs = check_jobs(value.jobs.unwrap_or_default(), state.submittable(), &mut errors);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    require_scopes(&caller, &jobs)?;
    let watcher = state.changes.watch(id.as_job());
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: hash,
    };
    let request = &request;
    let by = AddedBy {
        key: caller.key(),
        trace_context: options.trace_parent.clone(),
    };
    let close = value.close.unwrap_or(false);
    let added = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            // The key stands for this request, not for the batch, which many requests add to.
            if take_key(tx, request, Uuid::now_v7()).await?.is_some() {
                return Ok::<_, Problem>(None);
            }
            require_named_by_all(tx, &jobs).await?;
            Ok(Some(add_to_batch(tx, id, batch_jobs(jobs), &by, close).await?))
        })
        .await?;
    answer(&state, &caller, &options, &watcher, id, added).await
}
