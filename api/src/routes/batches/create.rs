use super::jobs::{
    OnComplete, batch_jobs, check_job, check_jobs, check_jobs_against, read_jobs, require_named_by_all, require_scopes,
};
use super::wait::answer;
use crate::extract::{Authorized, Fields, FromFields, JobsWrite, JsonBody, WorkOptions};
use crate::routes::jobs::submit::{Submit, SubmitJob};
use crate::views::BatchObject;
use crate::work::{self, Submittable, require_named, take_key};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use config::Settings;
use jobs::{AddedBy, AddedJobs, EnqueueOptions, add_to_batch, enqueue_raw};
use store::batches::{NewBatch, OnFailure};
use store::{BatchId, TenantTx};
use utoipa::ToSchema;

/// A batch to be submitted.
#[derive(Debug, ToSchema)]
pub(crate) struct CreateBatch {
    /// For people.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// 1 to 1000; more can be added to an open batch. May be absent when it is open.
    jobs: Option<Vec<SubmitJob>>,
    /// Runs once, when every job has ended, however they ended; not when the batch is cancelled.
    on_complete: Option<OnComplete>,
    /// `continue` by default; `cancel`: the first dead job cancels those that have not ended.
    #[schema(value_type = Option<String>, example = "continue")]
    on_failure: Option<OnFailure>,
    /// Jobs will be added, and it does not end before it is closed. False by default.
    open: Option<bool>,
}

impl FromFields for CreateBatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let name = fields.optional_name("name", 1..=200);
        let open = fields.optional_bool("open");
        let absent = fields.is_absent("jobs");
        let jobs = read_jobs(fields);
        if absent && open != Some(true) {
            fields.error("jobs", "required", "is required, unless the batch is open");
        }
        let on_complete = fields
            .value("on_complete")
            .map(|value| fields.nested::<OnComplete>("on_complete", value));
        let on_failure = fields.optional_choice(
            "on_failure",
            &[("continue", OnFailure::Continue), ("cancel", OnFailure::Cancel)],
        );
        Some(Self {
            name,
            jobs,
            on_complete: on_complete.flatten(),
            on_failure,
            open,
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_jobs_against(fields, settings);
        fields.check_nested::<OnComplete>("on_complete", settings);
    }
}

/// A batch whose jobs have been checked.
struct NewWork {
    name: String,
    jobs: Vec<Submit>,
    step: Option<Submit>,
    on_failure: OnFailure,
    open: bool,
}

impl CreateBatch {
    /// # Errors
    /// Every job that is of an unknown kind, and every field of every payload that is wrong.
    fn check(self, what: Submittable<'_>) -> Result<NewWork, Problem> {
        let mut errors = Vec::new();
        let jobs = check_jobs(self.jobs.unwrap_or_default(), what, &mut errors);
        let step = self
            .on_complete
            .and_then(|step| check_job(step.into_job(), "on_complete", what, &mut errors));
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        Ok(NewWork {
            name: self.name.unwrap_or_default(),
            jobs,
            step,
            on_failure: self.on_failure.unwrap_or_default(),
            open: self.open.unwrap_or(false),
        })
    }
}

/// Submit a batch of jobs
///
/// They are counted as they end, and `on_complete` runs when all have. The batch is on disk when this answers.
#[utoipa::path(
    post,
    path = "/v1/batches",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the end of the batch and of what follows it."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    request_body = CreateBatch,
    responses(
        (status = 200, description = "The batch has ended; its state says how.", body = BatchObject),
        (status = 202, description = "The batch.", body = BatchObject, headers(("Location" = String, description = "The batch."))),
        (status = 404, description = "A payload names what is not there."),
        (status = 409, description = "The idempotency key was used for another request, or there are 1000 open batches, or 10000 that have not ended."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "A kind is unknown, or fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn create_batch(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    options: WorkOptions,
    JsonBody { value, hash }: JsonBody<CreateBatch>,
) -> Result<Response, Problem> {
    let new = value.check(state.submittable())?;
    require_scopes(&caller, new.jobs.iter().chain(&new.step))?;
    let id = BatchId::generate();
    // Watched from before the batch exists: no change of it goes unheard.
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
    let (made, added) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            if let Some(made) = take_key(tx, request, id.0).await? {
                return Ok::<_, Problem>((BatchId(made), None));
            }
            Ok((id, Some(create(tx, id, new, by).await?)))
        })
        .await?;
    let watcher = if made == id {
        watcher
    } else {
        state.changes.watch(made.as_job())
    };
    answer(&state, &caller, &options, &watcher, made, added).await
}

async fn create(tx: &mut TenantTx, id: BatchId, new: NewWork, by: AddedBy) -> Result<AddedJobs, Problem> {
    let batch = NewBatch {
        id,
        name: &new.name,
        on_failure: new.on_failure,
        stays_open: new.open,
        has_step: new.step.is_some(),
    };
    require_named_by_all(tx, &new.jobs).await?;
    if let Some(step) = &new.step {
        require_named(tx, &step.entry, &step.payload, "on_complete.").await?;
    }
    store::batches::create(tx, batch).await?;
    if let Some(step) = new.step {
        let options = EnqueueOptions {
            id: Some(id.as_job()),
            awaits_batch: true,
            priority: step.priority,
            max_attempts: step.max_attempts,
            created_by: Some(by.key),
            trace_context: by.trace_context.clone(),
            ..EnqueueOptions::default()
        };
        let entry = step.entry;
        enqueue_raw(
            tx,
            entry.kind,
            entry.pool,
            entry.payload_version,
            entry.max_attempts,
            step.payload,
            options,
        )
        .await?;
    }
    Ok(add_to_batch(tx, id, batch_jobs(new.jobs), &by, !new.open).await?)
}
