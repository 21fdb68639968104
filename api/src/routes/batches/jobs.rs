use crate::Problem;
use crate::extract::{Caller, Fields, FromFields};
use crate::routes::jobs::submit::{Submit, SubmitJob, check_work};
use crate::work::{MAX_ATTEMPTS, Submittable, require_named};
use config::Settings;
use jobs::{BatchJob, FieldError};
use serde_json::Value;
use store::TenantTx;
use utoipa::ToSchema;

/// The most jobs in one request.
pub(super) const MAX_AT_ONCE: usize = 1000;

/// The job that follows a batch.
#[derive(Debug, ToSchema)]
pub(crate) struct OnComplete {
    /// One that clients may submit.
    #[schema(example = "diagnostics.noop")]
    kind: String,
    /// As the kind wants it, and at most 256 KiB as JSON; `{}` by default.
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
    /// 0 runs first; 1 by default.
    #[schema(minimum = 0, maximum = 2)]
    priority: Option<i64>,
    /// The kind's own number by default.
    #[schema(minimum = 1, maximum = 20)]
    max_attempts: Option<i64>,
}

impl FromFields for OnComplete {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let kind = fields.text("kind", 1..=100);
        let payload = fields.value("payload");
        let priority = fields.optional_integer("priority", 0..=2);
        let max_attempts = fields.optional_integer("max_attempts", 1..=MAX_ATTEMPTS);
        Some(Self {
            kind: kind?,
            payload,
            priority,
            max_attempts,
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_work(fields, settings);
    }
}

impl OnComplete {
    pub(super) fn into_job(self) -> SubmitJob {
        SubmitJob {
            kind: self.kind,
            payload: self.payload,
            priority: self.priority,
            run_at: None,
            unique_key: None,
            max_attempts: self.max_attempts,
        }
    }
}

/// Notes what is wrong with the kinds and payloads of the field `jobs`, which is left to be read.
pub(super) fn check_jobs_against(fields: &mut Fields, settings: &Settings) {
    fields.check_nested_list::<SubmitJob>("jobs", MAX_AT_ONCE, settings);
}

/// The field `jobs`; `None` when it is absent or an error was noted.
pub(super) fn read_jobs(fields: &mut Fields) -> Option<Vec<SubmitJob>> {
    let value = fields.value("jobs")?;
    fields.list("jobs", value, 1..=MAX_AT_ONCE, |fields, name, item| {
        fields.nested::<SubmitJob>(name, item)
    })
}

/// Checks each job against its kind, and that the caller may submit it. Whatever is wrong is noted in `errors`, named from the body down.
pub(super) fn check_jobs(jobs: Vec<SubmitJob>, what: Submittable<'_>, errors: &mut Vec<FieldError>) -> Vec<Submit> {
    jobs.into_iter()
        .enumerate()
        .filter_map(|(at, job)| check_job(job, &format!("jobs.{at}"), what, errors))
        .collect()
}

pub(super) fn check_job(
    job: SubmitJob,
    name: &str,
    what: Submittable<'_>,
    errors: &mut Vec<FieldError>,
) -> Option<Submit> {
    match job.check(what) {
        Ok(submit) => Some(submit),
        Err(wrong) => {
            errors.extend(wrong.into_iter().map(|error| FieldError {
                field: format!("{name}.{}", error.field),
                ..error
            }));
            None
        }
    }
}

/// # Errors
/// Forbidden, when the key lacks the scope of one of the kinds.
pub(super) fn require_scopes<'a>(caller: &Caller, jobs: impl IntoIterator<Item = &'a Submit>) -> Result<(), Problem> {
    jobs.into_iter().try_for_each(|job| caller.require(job.entry.scope))
}

/// # Errors
/// Not found, when the payload of one names what is not there.
pub(super) async fn require_named_by_all(tx: &mut TenantTx, jobs: &[Submit]) -> Result<(), Problem> {
    for (place, job) in jobs.iter().enumerate() {
        require_named(tx, &job.entry, &job.payload, &format!("jobs.{place}.")).await?;
    }
    Ok(())
}

pub(super) fn batch_jobs(jobs: Vec<Submit>) -> Vec<BatchJob> {
    jobs.into_iter()
        .map(|job| BatchJob {
            entry: job.entry,
            payload: job.payload,
            priority: job.priority,
            run_at: job.run_at,
            unique_key: job.unique_key,
            max_attempts: job.max_attempts,
        })
        .collect()
}
