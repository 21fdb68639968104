//! The named steps of a running job: which it has taken, how each went, and what of that is written down.
use crate::{JobContext, JobError};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use store::jobs::{ClaimedJob, Step, StepState};

/// The steps of one attempt; cheap to clone. A kind that is one piece has none, and nothing is written down of it.
#[derive(Clone)]
pub(crate) struct Steps {
    attempt: Arc<Mutex<Attempt>>,
}

struct Attempt {
    steps: Vec<Step>,
    run: i32,
    number: i16,
    /// When the attempt began by the database's clock, and when this process learned of it: steps are timed from there.
    began_at: DateTime<Utc>,
    began: Instant,
    /// The step that is being taken, and since when.
    current: Option<(usize, Instant)>,
    /// The step that this attempt took last.
    last: Option<usize>,
}

impl Steps {
    /// Takes up what earlier attempts have written down, if they took the same steps: those of another version of the kind say nothing.
    pub(crate) fn of(job: &ClaimedJob, names: &[&str]) -> Self {
        let recorded: Vec<Step> = job
            .steps
            .as_ref()
            .and_then(|steps| serde_json::from_value(steps.clone()).ok())
            .unwrap_or_default();
        let fits = recorded.iter().map(|step| step.name.as_str()).eq(names.iter().copied());
        let steps = if fits {
            recorded
        } else {
            names.iter().map(|name| Step::pending(name)).collect()
        };
        Self {
            attempt: Arc::new(Mutex::new(Attempt {
                steps,
                run: job.run,
                number: job.attempt,
                began_at: job.attempt_started_at,
                began: Instant::now(),
                current: None,
                last: None,
            })),
        }
    }

    /// What is to be written down; `None` where the kind has no steps.
    pub(crate) fn to_json(&self) -> Option<Value> {
        to_json(&self.lock().steps)
    }

    fn begin(&self, name: &str) {
        let attempt = &mut *self.lock();
        let Some(index) = attempt.steps.iter().position(|step| step.name == name) else {
            tracing::error!(step = name, "the kind does not declare the step");
            return;
        };
        let (run, number, now) = (attempt.run, attempt.number, attempt.now());
        attempt.current = Some((index, Instant::now()));
        attempt.last = Some(index);
        if let Some(step) = attempt.steps.get_mut(index) {
            *step = Step {
                state: StepState::Running,
                run: Some(run),
                attempt: Some(number),
                started_at: Some(now),
                ..Step::pending(name)
            };
        }
    }

    /// Ends the step that is being taken; returns its name and how long it took.
    fn end(&self) -> Option<(String, Duration)> {
        let attempt = &mut *self.lock();
        let now = attempt.now();
        let (index, since) = attempt.current.take()?;
        let step = attempt.steps.get_mut(index)?;
        (step.state, step.ended_at) = (StepState::Done, Some(now));
        Some((step.name.clone(), since.elapsed()))
    }

    fn detail(&self, detail: Value) {
        let attempt = &mut *self.lock();
        if let Some(step) = attempt.last.and_then(|index| attempt.steps.get_mut(index)) {
            step.detail = Some(detail);
        }
    }

    /// The attempt failed in the step that was being taken, or by what the last one left behind: that one has failed. Returns the error as the job
    /// is to show it, with the step's name.
    pub(crate) fn failed(&self, mut error: Value) -> Value {
        let attempt = &mut *self.lock();
        let now = attempt.now();
        attempt.current = None;
        let Some(step) = attempt.last.and_then(|index| attempt.steps.get_mut(index)) else {
            return error;
        };
        if let Some(fields) = error.as_object_mut() {
            fields.insert("step".to_owned(), Value::from(step.name.as_str()));
        }
        (step.state, step.ended_at, step.error) = (StepState::Failed, Some(now), Some(error.clone()));
        error
    }

    /// The attempt ended in the middle through no fault of the step's, which is to be taken again.
    pub(crate) fn interrupted(&self) {
        let attempt = &mut *self.lock();
        if let Some((index, _)) = attempt.current.take()
            && let Some(step) = attempt.steps.get_mut(index)
        {
            *step = Step::pending(&step.name);
        }
    }

    /// What is to be written down with the job's success: what it did not take, it did not need.
    pub(crate) fn to_json_of_success(&self) -> Option<Value> {
        let mut steps = self.lock().steps.clone();
        for step in steps.iter_mut().filter(|step| step.state != StepState::Done) {
            *step = Step {
                state: StepState::Skipped,
                ..Step::pending(&step.name)
            };
        }
        to_json(&steps)
    }

    fn lock(&self) -> MutexGuard<'_, Attempt> {
        self.attempt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn to_json(steps: &[Step]) -> Option<Value> {
    if steps.is_empty() {
        return None;
    }
    serde_json::to_value(steps).ok()
}

impl Attempt {
    fn now(&self) -> DateTime<Utc> {
        self.began_at + TimeDelta::from_std(self.began.elapsed()).unwrap_or_default()
    }
}

impl JobContext {
    /// Takes one of the steps that the kind declares ([`jobs::Kind::STEPS`]), in their order and one at a time. What the job shows of it costs no
    /// write of its own: it goes with progress, a few times a second at most, and with the attempt's end.
    ///
    /// A later attempt takes the step again. What it need not do twice it has to keep itself, under the job's lease.
    ///
    /// # Errors
    /// That of `work`; the job's error names the step.
    pub async fn step<T>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, JobError>> + Send,
    ) -> Result<T, JobError> {
        self.steps.begin(name);
        self.progress.set_steps(self.held(), &self.steps);
        let result = work.await?;
        if let Some((step, took)) = self.steps.end() {
            metrics::histogram!("job_step_duration_seconds", "kind" => self.job.kind.clone(), "step" => step)
                .record(took.as_secs_f64());
        }
        Ok(result)
    }

    /// Says what the current step has done so far, or the one that has just ended: a few counts by name.
    pub fn step_detail(&self, detail: Value) {
        self.steps.detail(detail);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;
    use store::{JobId, TenantId};

    fn claimed(attempt: i16, steps: Option<Value>) -> ClaimedJob {
        ClaimedJob {
            id: JobId::generate(),
            tenant_id: TenantId(uuid::Uuid::nil()),
            kind: "bake".to_owned(),
            payload_version: 1,
            interactive: false,
            run: 1,
            attempt,
            max_attempts: 5,
            lease_token: uuid::Uuid::nil(),
            trace_context: None,
            parent_id: None,
            document_id: None,
            created_by: None,
            created_at: DateTime::UNIX_EPOCH,
            snoozed_secs: None,
            snoozed_for: None,
            attempt_started_at: DateTime::UNIX_EPOCH,
            steps,
            payload: json!({}),
        }
    }

    /// `name state attempt` of each.
    fn shown(steps: &Steps) -> Vec<String> {
        let recorded: Vec<Step> = serde_json::from_value(steps.to_json().unwrap()).unwrap();
        recorded
            .into_iter()
            .map(|step| format!("{} {:?} {}", step.name, step.state, step.attempt.unwrap_or(0)))
            .collect()
    }

    fn failed_second_step() -> Value {
        let steps = Steps::of(&claimed(1, None), &["knead", "bake", "cool"]);
        steps.begin("knead");
        steps.end();
        steps.begin("bake");
        let error = steps.failed(json!({ "code": "cold" }));
        assert_eq!(error, json!({ "code": "cold", "step": "bake" }));
        assert_eq!(shown(&steps), ["knead Done 1", "bake Failed 1", "cool Pending 0"]);
        steps.to_json().unwrap()
    }

    #[test]
    fn a_later_attempt_takes_up_what_was_written_down() {
        let steps = Steps::of(&claimed(2, Some(failed_second_step())), &["knead", "bake", "cool"]);
        assert_eq!(shown(&steps), ["knead Done 1", "bake Failed 1", "cool Pending 0"]);
        steps.begin("bake");
        assert_eq!(shown(&steps), ["knead Done 1", "bake Running 2", "cool Pending 0"]);
        steps.interrupted();
        assert_eq!(shown(&steps), ["knead Done 1", "bake Pending 0", "cool Pending 0"]);
    }

    #[test]
    fn steps_of_another_version_of_the_kind_are_begun_anew() {
        for names in [
            &["knead", "rest", "bake"][..],
            &["knead", "bake"],
            &["knead", "bake", "cool", "eat"],
        ] {
            let steps = Steps::of(&claimed(2, Some(failed_second_step())), names);
            let anew: Vec<String> = names.iter().map(|name| format!("{name} Pending 0")).collect();
            assert_eq!(shown(&steps), anew);
        }
        let unreadable = Steps::of(&claimed(2, Some(json!({ "knead": 1 }))), &["knead"]);
        assert_eq!(shown(&unreadable), ["knead Pending 0"]);
    }

    #[test]
    fn a_failure_after_the_last_step_is_that_steps() {
        let steps = Steps::of(&claimed(1, None), &["knead"]);
        assert_eq!(steps.failed(json!({ "code": "cold" })), json!({ "code": "cold" }));
        steps.begin("knead");
        steps.end();
        assert_eq!(steps.failed(json!({ "code": "cold" }))["step"], "knead");
    }

    #[test]
    fn of_a_kind_without_steps_nothing_is_written_down() {
        let steps = Steps::of(&claimed(1, None), &[]);
        assert_eq!((steps.to_json(), steps.to_json_of_success()), (None, None));
    }
}
