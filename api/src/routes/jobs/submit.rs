use crate::extract::{Authorized, Fields, FromFields, JobsWrite, JsonBody, WorkOptions};
use crate::views::JobObject;
use crate::work::{self, Begin, MAX_ATTEMPTS, Submittable, check_kind, payload_size_fault, require_named, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use config::Settings;
use integrations::http::OutboundPolicy;
use jobs::{Catalogue, CatalogueEntry, EnqueueOptions, Enqueued, FieldError};
use serde_json::Value;
use store::TenantTx;
use utoipa::ToSchema;

const KIND_BYTES_MAX: usize = 100;

/// How far ahead a job may be put off: a year, also one with a leap day. One that waits keeps its whole week of jobs from being forgotten.
const DAYS_AHEAD_MAX: i64 = 366;

/// A job to be submitted.
#[derive(Debug, ToSchema)]
pub(crate) struct SubmitJob {
    /// One that clients may submit.
    #[schema(example = "diagnostics.noop")]
    pub(crate) kind: String,
    /// As the kind wants it, and at most 256 KiB as JSON; `{}` by default.
    #[schema(value_type = Option<Object>)]
    pub(crate) payload: Option<Value>,
    /// 0 runs first; 1 by default.
    #[schema(minimum = 0, maximum = 2)]
    pub(crate) priority: Option<i64>,
    /// Not before this time, which is at most 366 days ahead.
    pub(crate) run_at: Option<DateTime<Utc>>,
    /// While a job of this key has not ended, that one is returned and nothing is submitted.
    #[schema(min_length = 1, max_length = 255)]
    pub(crate) unique_key: Option<String>,
    /// The kind's own number by default.
    #[schema(minimum = 1, maximum = 20)]
    pub(crate) max_attempts: Option<i64>,
}

impl FromFields for SubmitJob {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let kind = fields.text("kind", 1..=KIND_BYTES_MAX);
        let payload = fields.value("payload");
        let priority = fields.optional_integer("priority", 0..=2);
        let run_at = fields.optional_time("run_at");
        // By the clock of this process: it is a bound, not when the job runs.
        if run_at.is_some_and(|at| at > Utc::now() + TimeDelta::days(DAYS_AHEAD_MAX)) {
            let message = format!("must be at most {DAYS_AHEAD_MAX} days ahead");
            fields.error("run_at", "out_of_range", message);
        }
        let unique_key = fields.optional_text("unique_key", 1..=255);
        let max_attempts = fields.optional_integer("max_attempts", 1..=MAX_ATTEMPTS);
        Some(Self {
            kind: kind?,
            payload,
            priority,
            run_at,
            unique_key,
            max_attempts,
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_work(fields, settings);
    }
}

/// Notes what is wrong with the kind and the payload of a job, or of one that follows others, before they are read.
pub(crate) fn check_work(fields: &mut Fields, settings: &Settings) {
    let kind = fields.peek_text("kind").filter(|kind| kind.len() <= KIND_BYTES_MAX);
    let kind = kind.map(str::to_owned);
    let payload = fields.peek("payload").filter(|payload| !payload.is_null()).cloned();
    let Some(kind) = kind else {
        fields.note(payload.as_ref().and_then(payload_size_fault));
        return;
    };
    let what = Submittable {
        catalogue: &Catalogue::new(settings.diagnostics.enabled),
        outgoing: OutboundPolicy {
            allow_loopback: settings.outgoing.allow_loopback,
            allow_private: settings.outgoing.allow_private,
        },
    };
    fields.note(check_kind(what, &kind, payload).err().into_iter().flatten());
}

impl SubmitJob {
    /// # Errors
    /// Unknown kind; every field of the payload that is wrong.
    pub(crate) fn check(self, what: Submittable<'_>) -> Result<Submit, Vec<FieldError>> {
        let (entry, payload) = check_kind(what, &self.kind, self.payload)?;
        let small = |number: Option<i64>| number.and_then(|number| i16::try_from(number).ok());
        Ok(Submit {
            entry,
            payload,
            priority: small(self.priority),
            run_at: self.run_at,
            unique_key: self.unique_key,
            max_attempts: small(self.max_attempts),
        })
    }
}

/// A job that its kind has checked.
pub(crate) struct Submit {
    pub(crate) entry: CatalogueEntry,
    pub(crate) payload: Value,
    pub(crate) priority: Option<i16>,
    pub(crate) run_at: Option<DateTime<Utc>>,
    pub(crate) unique_key: Option<String>,
    pub(crate) max_attempts: Option<i16>,
}

impl Begin for Submit {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let Self {
            entry,
            payload,
            priority,
            run_at,
            unique_key,
            max_attempts,
        } = self;
        require_named(tx, &entry, &payload, "").await?;
        let options = EnqueueOptions {
            priority,
            run_at,
            unique_key,
            max_attempts,
            ..options
        };
        Ok(jobs::enqueue_raw(
            tx,
            entry.kind,
            entry.pool,
            entry.payload_version,
            entry.max_attempts,
            payload,
            options,
        )
        .await?)
    }
}

/// Submit a job
///
/// It is on disk when this answers, also while the queue is away.
#[utoipa::path(
    post,
    path = "/v1/jobs",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    request_body = SubmitJob,
    responses(
        (status = 200, description = "The job has ended; its state says how.", body = JobObject),
        (status = 202, description = "The job.", body = JobObject, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "The payload names what is not there."),
        (status = 409, description = "The idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The kind is unknown, or fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn submit_job(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    options: WorkOptions,
    JsonBody { value, hash }: JsonBody<SubmitJob>,
) -> Result<Response, Problem> {
    let submit = value.check(state.submittable()).map_err(Problem::invalid)?;
    caller.require(submit.entry.scope)?;
    start_work(
        &state,
        work::Request {
            caller: &caller,
            options: &options,
            body_hash: hash,
        },
        submit,
    )
    .await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::ProblemCode;
    use serde_json::json;

    fn code(value: Value, diagnostics: bool) -> Option<ProblemCode> {
        let mut fields = Fields::of(value);
        let read = SubmitJob::from_fields(&mut fields);
        let checked = fields.finish(read).and_then(|job| {
            let what = Submittable {
                catalogue: &Catalogue::new(diagnostics),
                outgoing: OutboundPolicy::default(),
            };
            job.check(what)
        });
        checked.err().map(|errors| Problem::invalid(errors).code())
    }

    #[test]
    fn a_kind_that_clients_cannot_submit_is_unknown() {
        assert_eq!(code(json!({"kind": "diagnostics.noop"}), true), None);
        assert_eq!(
            code(json!({"kind": "diagnostics.noop"}), false),
            Some(ProblemCode::UnknownKind)
        );
        assert_eq!(
            code(json!({"kind": "ingest_document", "payload": {}}), true),
            Some(ProblemCode::UnknownKind)
        );
    }

    #[test]
    fn an_address_that_may_not_be_called_is_refused_with_the_job() {
        let call = |url: &str| {
            code(
                json!({"kind": "diagnostics.call", "payload": {"url": url, "key": "k"}}),
                true,
            )
        };
        assert_eq!(call("https://example.com/hook"), None);
        for url in [
            "http://127.0.0.1/",
            "http://[::1]:8080/",
            "http://169.254.169.254/",
            "http://10.0.0.7/",
            "https://localhost/",
        ] {
            assert_eq!(call(url), Some(ProblemCode::Invalid), "{url}");
        }
    }

    #[test]
    fn options_out_of_range_are_refused() {
        for wrong in [
            json!({"priority": 3}),
            json!({"max_attempts": 0}),
            json!({"max_attempts": 21}),
            json!({"unique_key": ""}),
            json!({"run_at": "tomorrow"}),
            json!({"payload": 3}),
        ] {
            let mut job = wrong.clone();
            job.as_object_mut()
                .unwrap()
                .insert("kind".to_owned(), json!("diagnostics.noop"));
            assert_eq!(code(job, true), Some(ProblemCode::Invalid), "{wrong}");
        }
    }
}
