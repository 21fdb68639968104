//! The one apalis task function: every attempt of every kind goes through here.
use crate::bell::Bells;
use crate::calls::Calls;
use crate::error::Advice;
use crate::finisher::Finishing;
use crate::progress::ProgressBoard;
use crate::recent::Recent;
use crate::registry::Handler;
use crate::running::{RunningJob, StopReason};
use crate::steps::Steps;
use crate::{Context, Done, Envelope, JobContext, JobError, Registry, trace};
use apalis::prelude::{BoxDynError, Data};
use config::GovernorSettings;
use futures::FutureExt;
use jobs::Wait;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::jobs::{ClaimedJob, Ended, Finish, Outcome};
use tokio::sync::mpsc::Sender;
use tracing::Instrument;

/// How long a job waits whose kind this process does not know, for one that does: as long again as it has waited, from the former to the latter.
const UNKNOWN_KIND_DELAYS: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60)];

/// The same for one that this process lacks a setting for.
const NOT_CONFIGURED_DELAY: Duration = Duration::from_secs(30);

/// Nobody who asks for a pause is given a longer one.
const LONGEST_DELAY: Duration = Duration::from_hours(7 * 24);

/// What an attempt needs.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) context: Context,
    pub(crate) registry: Registry,
    pub(crate) progress: ProgressBoard,
    pub(crate) outcomes: Sender<Finishing>,
    pub(crate) recent: Recent,
    pub(crate) bells: Bells,
}

/// Runs one attempt to its end. apalis is always told of success: what became of the job is written in Postgres.
pub(crate) async fn run(envelope: Envelope, runner: Data<Runner>) -> Result<(), BoxDynError> {
    let span = trace::job_span(&envelope.job);
    runner.attempt(envelope).instrument(span).await;
    Ok(())
}

impl Runner {
    async fn attempt(&self, envelope: Envelope) {
        let Envelope { job, running, _slot } = envelope;
        let job = Arc::new(job);
        let started = Instant::now();
        let handler = self.registry.find(&job.kind, job.payload_version);
        let steps = Steps::of(&job, handler.map_or(&[], |handler| handler.steps));
        let ended = match handler {
            None => Attempt::Ended(leave_to_newer(&job)),
            Some(handler) => {
                let calls = Calls::new(running.stop_token().clone());
                let got_on = Arc::new(AtomicBool::new(false));
                let ended = tokio::select! {
                    biased;
                    () = told_to_stop(&running, &calls) => stopped(running.stop_reason(), &steps),
                    result = self.handle(handler, job.clone(), &steps, &calls, &got_on) => {
                        let may_wait = got_on.load(Ordering::Relaxed) || may_wait(&job, &self.context.settings.governor);
                        conclude(handler, &job, &steps, result, may_wait, &self.context.settings.governor)
                    }
                };
                // What the calls took that were dropped with the handler is written down under the lease, for the job as well.
                if !matches!(ended, Attempt::Abandoned) {
                    calls.over().await;
                }
                ended
            }
        };
        observe(&job, &ended, started.elapsed(), &self.recent);
        match ended {
            Attempt::Ended(outcome) => {
                let finish = Finish {
                    id: job.id,
                    lease_token: job.lease_token,
                    interactive: job.interactive,
                    batch: job.parent_id,
                    steps: match outcome {
                        Outcome::Succeeded { .. } => steps.to_json_of_success(),
                        _ => steps.to_json(),
                    },
                    outcome,
                };
                // The channel closes only after the last job; should it have, the lease expires and the job runs again.
                let _ = self.outcomes.send(Finishing { finish, running }).await;
            }
            Attempt::Committed(ended) => {
                self.bells.ring_for(std::slice::from_ref(&ended));
                self.context.queue.announce_changes(&[job.id]).await;
            }
            Attempt::Abandoned => tracing::warn!("abandoned: the lease was lost"),
        }
    }

    async fn handle(
        &self,
        handler: Handler,
        job: Arc<ClaimedJob>,
        steps: &Steps,
        calls: &Calls,
        got_on: &Arc<AtomicBool>,
    ) -> Result<Done, JobError> {
        let payload = job.payload.clone();
        let context = JobContext {
            app: self.context.clone(),
            job,
            progress: self.progress.clone(),
            steps: steps.clone(),
            calls: calls.clone(),
            got_on: got_on.clone(),
        };
        // A panic is the handler's fault, not the worker's: the attempt fails, and the others go on.
        AssertUnwindSafe((handler.run)(payload, context))
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| {
                let said = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied());
                tracing::error!(panic = said.unwrap_or("no message"), "the handler panicked");
                Err(JobError::retry(
                    "panicked",
                    "The job failed in a way it should not have; this is a defect.",
                ))
            })
    }
}

/// How an attempt ended, as far as this process may say.
enum Attempt {
    Ended(Outcome),
    Committed(Ended),
    Abandoned,
}

/// Returns when the attempt is to be dropped: at once where its lease is gone, since another may run already, and else when no call is in flight.
async fn told_to_stop(running: &RunningJob, calls: &Calls) {
    running.stop_token().cancelled().await;
    if running.stop_reason() != Some(StopReason::LeaseLost) {
        calls.over().await;
    }
}

fn stopped(reason: Option<StopReason>, steps: &Steps) -> Attempt {
    steps.interrupted();
    match reason {
        Some(StopReason::Cancelled) => Attempt::Ended(Outcome::Cancelled),
        Some(StopReason::HandBack) => Attempt::Ended(Outcome::HandedBack),
        Some(StopReason::LeaseLost) | None => Attempt::Abandoned,
    }
}

fn conclude(
    handler: Handler,
    job: &ClaimedJob,
    steps: &Steps,
    result: Result<Done, JobError>,
    may_wait: bool,
    governor: &GovernorSettings,
) -> Attempt {
    let error = match result {
        Ok(Done::Result(result)) => return Attempt::Ended(Outcome::Succeeded { result }),
        Ok(Done::Committed(ended)) => return Attempt::Committed(ended),
        Err(error) => error,
    };
    let spent = job.attempt >= job.max_attempts;
    let failed = || steps.failed(error.to_json());
    Attempt::Ended(match error.advice() {
        Advice::LeaseLost => return Attempt::Abandoned,
        Advice::Permanent => Outcome::Dead { error: failed() },
        Advice::Snooze { credential, wait } if may_wait => {
            steps.interrupted();
            put_off(credential, wait, governor)
        }
        Advice::NotConfigured => {
            steps.interrupted();
            hold_back(&error)
        }
        _ if spent => Outcome::Dead { error: failed() },
        Advice::RetryAfter(delay) => Outcome::Retry {
            error: failed(),
            delay: (*delay).min(LONGEST_DELAY),
        },
        Advice::Retry | Advice::Snooze { .. } => Outcome::Retry {
            error: failed(),
            delay: handler.retry.delay(job.attempt, rand::random()),
        },
    })
}

/// No job waits for a budget for ever: after a long time, in which it has not got on, waiting counts as a failed attempt.
fn may_wait(job: &ClaimedJob, governor: &GovernorSettings) -> bool {
    let waited = match job.snoozed_for.as_deref() {
        Some("not_configured" | "unknown_kind") => None,
        _ => job.snoozed_secs,
    };
    waited.unwrap_or(0.0) < governor.give_up_after_secs as f64
}

/// The job comes back at its turn. One whose turn is far looks in between, since budgets change; those come back at different times too.
fn put_off(credential: &str, wait: &Wait, governor: &GovernorSettings) -> Outcome {
    let longest = governor.longest_snooze();
    let delay = if wait.turn_in > longest {
        longest.mul_f64(0.8 + 0.2 * rand::random::<f64>())
    } else {
        wait.turn_in
    };
    metrics::counter!("job_snoozes_total", "reason" => wait.limit.reason(), "limit" => wait.limit.as_str())
        .increment(1);
    Outcome::Snoozed {
        delay,
        why: told(credential, wait),
    }
}

/// What a wait for a budget is told as: `why` reads it.
pub(crate) fn told(credential: &str, wait: &Wait) -> Value {
    json!({
        "reason": wait.limit.reason(),
        "limit": wait.limit.as_str(),
        "of_installation": wait.of_installation,
        "credential": credential,
        "limited_secs": wait.limited_for.min(LONGEST_DELAY).as_secs_f64(),
    })
}

/// For a worker that is configured; if there is none, until an operator has read the log or asked `why`.
fn hold_back(error: &JobError) -> Outcome {
    tracing::error!(
        reason = error.message(),
        "this process cannot run the job; it waits, and no attempt is counted"
    );
    metrics::counter!("job_snoozes_total", "reason" => "not_configured", "limit" => "configuration").increment(1);
    Outcome::Snoozed {
        delay: NOT_CONFIGURED_DELAY,
        why: json!({ "reason": "not_configured", "detail": error.message(), "limited_secs": NOT_CONFIGURED_DELAY.as_secs_f64() }),
    }
}

/// For a worker of a newer version. While a release is rolled out there is one; if there is none, nobody shall be kept busy by the job.
fn leave_to_newer(job: &ClaimedJob) -> Outcome {
    tracing::warn!(
        job.kind,
        job.payload_version,
        "this process does not know the kind; it waits, and no attempt is counted"
    );
    metrics::counter!("job_snoozes_total", "reason" => "unknown_kind", "limit" => "version").increment(1);
    let waited = match job.snoozed_for.as_deref() {
        Some("unknown_kind") => job.snoozed_secs.unwrap_or(0.0).max(0.0),
        _ => 0.0,
    };
    let [shortest, longest] = UNKNOWN_KIND_DELAYS;
    let delay = Duration::try_from_secs_f64(waited)
        .unwrap_or(longest)
        .clamp(shortest, longest);
    let detail = format!("{}, version {} of its payload", job.kind, job.payload_version);
    Outcome::Snoozed {
        delay,
        why: json!({ "reason": "unknown_kind", "detail": detail, "limited_secs": delay.as_secs_f64() }),
    }
}

fn observe(job: &ClaimedJob, ended: &Attempt, took: Duration, recent: &Recent) {
    let outcome = match ended {
        Attempt::Committed(_) | Attempt::Ended(Outcome::Succeeded { .. }) => "succeeded",
        Attempt::Ended(Outcome::Retry { error, .. } | Outcome::Dead { error }) => {
            tracing::info!(%error, attempt = job.attempt, max_attempts = job.max_attempts, "the attempt failed");
            if matches!(ended, Attempt::Ended(Outcome::Dead { .. })) {
                "dead"
            } else {
                "retryable"
            }
        }
        Attempt::Ended(Outcome::Cancelled) => "cancelled",
        Attempt::Ended(Outcome::HandedBack) => "handed_back",
        Attempt::Ended(Outcome::Snoozed { .. }) => "snoozed",
        Attempt::Abandoned => "lease_lost",
    };
    if matches!(outcome, "succeeded" | "retryable" | "dead") {
        recent.add(took, outcome != "succeeded");
    }
    metrics::counter!("job_attempts_total", "kind" => job.kind.clone(), "outcome" => outcome).increment(1);
    metrics::histogram!("job_attempt_duration_seconds", "kind" => job.kind.clone()).record(took.as_secs_f64());
}
