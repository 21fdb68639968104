use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::jobs::{Attempt, Job, JobState, Step, StepState};
use utoipa::ToSchema;

/// One step of a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Step)]
pub(crate) struct StepObject {
    #[schema(example = "embed")]
    pub(crate) name: String,
    /// `pending` (to be taken, for the first time or again), `running`, `done`, `skipped` (the job succeeded without it) or `failed`.
    #[schema(value_type = String, example = "done")]
    pub(crate) state: StepState,
    /// The run and attempt that took it last; null while none has.
    #[schema(required = true)]
    pub(crate) run: Option<i32>,
    #[schema(required = true)]
    pub(crate) attempt: Option<i16>,
    #[schema(required = true)]
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// Between the two.
    #[schema(required = true)]
    pub(crate) duration_ms: Option<f64>,
    /// What it did, as counts by name.
    #[schema(value_type = Option<Object>, required = true)]
    pub(crate) detail: Option<Value>,
    #[schema(value_type = Option<super::job::JobError>, required = true)]
    pub(crate) error: Option<Value>,
}

impl StepObject {
    /// The steps as they were written down, or those of the kind where nothing was yet. Of a job that succeeded before steps were written down
    /// nothing is known.
    pub(crate) fn all(job: &Job, recorded: Vec<Step>, attempts: &[Attempt]) -> Vec<Self> {
        let steps = if recorded.is_empty() && job.state != JobState::Succeeded {
            let names = jobs::kinds::steps_of(&job.kind);
            names.iter().map(|name| Step::pending(name)).collect()
        } else {
            recorded
        };
        steps
            .into_iter()
            .map(|step| Self::from(settled(step, job, attempts)))
            .collect()
    }
}

/// A worker that was lost could not write down that its step failed, nor one that was told to stop always that it must be taken again.
fn settled(step: Step, job: &Job, attempts: &[Attempt]) -> Step {
    let runs = job.state == JobState::Running && step.run == Some(job.run) && step.attempt == Some(job.attempt);
    if step.state != StepState::Running || runs {
        return step;
    }
    let lost = attempts.iter().find(|attempt| {
        Some(attempt.run) == step.run && Some(attempt.attempt) == step.attempt && attempt.outcome == "lost"
    });
    match lost {
        Some(attempt) => Step {
            state: StepState::Failed,
            ended_at: Some(attempt.ended_at),
            error: attempt.error.clone(),
            ..step
        },
        None => Step::pending(&step.name),
    }
}

impl From<Step> for StepObject {
    fn from(step: Step) -> Self {
        let took = step.started_at.zip(step.ended_at).map(|(from, to)| to - from);
        Self {
            name: step.name,
            state: step.state,
            run: step.run,
            attempt: step.attempt,
            started_at: step.started_at,
            ended_at: step.ended_at,
            duration_ms: took
                .and_then(|took| took.to_std().ok())
                .map(|took| took.as_secs_f64() * 1e3),
            detail: step.detail,
            error: step.error,
        }
    }
}
