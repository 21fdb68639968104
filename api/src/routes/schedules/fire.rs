use crate::extract::{Authorized, Caller, JobsWrite, PathId, WorkOptions};
use crate::views::JobObject;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::State;
use axum::response::Response;
use jobs::schedules::{FireError, fire_now};
use jobs::{Catalogue, EnqueueOptions, Enqueued};
use store::{ScheduleId, TenantTx};

struct Fire<'a> {
    id: ScheduleId,
    caller: &'a Caller,
    catalogue: &'a Catalogue,
}

impl Begin for Fire<'_> {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let schedule = store::schedules::lock(tx, self.id).await?;
        if let Ok(entry) = self.catalogue.find(&schedule.kind) {
            self.caller.require(entry.scope)?;
        }
        let conflict = |detail| Problem::new(ProblemCode::Conflict, detail);
        fire_now(tx, &schedule, self.catalogue, options)
            .await
            .map_err(|error| match error {
                FireError::Refused(reason) => conflict(format!("The schedule cannot fire: {reason}.")),
                FireError::Overlap(job) => conflict(format!(
                    "Job {job} of this schedule has not ended, and `overlap` is `skip`."
                )),
                FireError::Store(error) => error.into(),
            })
    }
}

/// Fire a schedule now
///
/// Submits its job at once, also while it is disabled. Its ticks stay as they are.
#[utoipa::path(
    post,
    path = "/v1/schedules/{id}/fire",
    tag = "Schedules",
    security(("api_key" = ["jobs:write"])),
    params(
        ("id" = Uuid, Path, description = "The schedule."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    responses(
        (status = 200, description = "The job has ended; its state says how.", body = JobObject),
        (status = 202, description = "The job.", body = JobObject, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "There is no such schedule."),
        (status = 409, description = "An earlier job of it has not ended, it cannot fire as it is, or the idempotency key was used for another request."),
    )
)]
pub(crate) async fn fire_schedule(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<ScheduleId>,
    options: WorkOptions,
) -> Result<Response, Problem> {
    let fire = Fire {
        id,
        caller: &caller,
        catalogue: &state.catalogue,
    };
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: [0; 32],
    };
    start_work(&state, request, fire).await
}
