use crate::extract::{Authorized, Fields, FromFields, JobsWrite, OptionalJsonBody, PathId};
use crate::views::{FullJob, JobObject};
use crate::work::found_job;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jobs::{Dispatch, FieldError, Pool};
use store::JobId;
use store::effects::Decision;
use store::jobs::{Dispatchable, Retried};
use utoipa::ToSchema;

pub(crate) const DECISIONS: [(&str, Decision); 2] =
    [("assume_done", Decision::AssumeDone), ("repeat", Decision::Repeat)];

/// What to do about calls of the job whose outcome is not known.
#[derive(Debug, ToSchema)]
pub(crate) struct RetryRequest {
    /// `assume_done`: they took effect, go on after them. `repeat`: make them again.
    #[schema(value_type = Option<String>, example = "assume_done")]
    effect: Option<Decision>,
}

impl FromFields for RetryRequest {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            effect: fields.optional_choice("effect", &DECISIONS),
        })
    }
}

/// Retry a job
///
/// Only one that is dead or cancelled. It is queued again as a new run, whose attempts count from 0. A job that is dead with `effect_unknown`
/// needs a decision in `effect`; no other job takes one.
#[utoipa::path(
    post,
    path = "/v1/jobs/{id}/retry",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("id" = Uuid, Path, description = "The job.")),
    request_body = Option<RetryRequest>,
    responses(
        (status = 202, description = "The job, queued.", body = JobObject),
        (status = 404, description = "There is no such job."),
        (status = 409, description = "The job is neither dead nor cancelled, another job has its unique key, or its batch is being cancelled."),
        (status = 422, description = "`effect` is needed, or not wanted, or neither `assume_done` nor `repeat`."),
    )
)]
pub(crate) async fn retry_job(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<JobId>,
    OptionalJsonBody(request): OptionalJsonBody<RetryRequest>,
) -> Result<(StatusCode, Json<JobObject>), Problem> {
    let reader = &caller;
    let (queued, job) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            match store::jobs::retry(tx, id, request.effect).await? {
                Retried::Queued(queued) => Ok((queued, FullJob::find(tx, reader, id).await?)),
                Retried::NeedsDecision => Err(effect(
                    "required",
                    "is required, since it is not known whether a call of this job took effect: `assume_done` where it did, or else `repeat`",
                )),
                Retried::NothingToDecide => Err(effect(
                    "unexpected",
                    "must not be given: no call of this job has an unknown outcome",
                )),
            }
        })
        .await?;
    if let Some(dispatch) = dispatch(&queued) {
        state.queue.push(&[dispatch]).await;
    }
    state.queue.announce_changes(&[id]).await;
    Ok((StatusCode::ACCEPTED, found_job(&job)))
}

fn effect(code: &str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError::new("effect", code, message)])
}

/// A pool that this version does not know is left to the reconciler of one that does.
pub(crate) fn dispatch(queued: &Dispatchable) -> Option<Dispatch> {
    let pool: Pool = queued.pool.parse().ok()?;
    Some(Dispatch {
        id: queued.id,
        tenant: queued.tenant_id,
        pool,
        priority: queued.priority,
        kind: queued.kind.clone(),
        knowledge_bases: queued.knowledge_base_ids.clone(),
    })
}
