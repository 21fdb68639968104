//! A job as people read it.

use crate::client::{Attempt, Job, JobState, Step};
use crate::render::{one_line, time};
use serde_json::Value;
use std::time::Duration;

/// One line: id, state, kind, pool, when it was made, attempts, progress, error and document.
pub(crate) fn line(job: &Job) -> String {
    let (kind, pool) = (one_line(&job.kind, 30), one_line(&job.pool, 20));
    let created = job
        .created_at
        .map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default();
    let mut text = format!(
        "{}  {:10} {kind:20} {pool:10} {created}  attempt {}/{}",
        job.id,
        job.state.as_str(),
        job.attempt,
        job.max_attempts
    );
    if let Some(progress) = &job.progress {
        let total = progress.total.map(|total| format!("/{total}")).unwrap_or_default();
        let message = one_line(progress.message.as_deref().unwrap_or_default(), 60);
        text.push_str(format!("  {}{total} {message}", progress.done).trim_end());
    }
    if let Some(error) = &job.error {
        text.push_str(&format!(
            "  {}: {}",
            one_line(&error.code, 40),
            one_line(&error.message, 120)
        ));
    }
    if let Some(document) = job.document_id {
        text.push_str(&format!("  document {document}"));
    }
    text
}

/// The line, then whether it was given up, each attempt, and the result.
pub(crate) fn details(job: &Job) -> String {
    let mut text = format!("{}\n", line(job));
    if job.cancel_requested {
        text.push_str("told to stop  it does so when it next looks\n");
    }
    if job.state == JobState::Dead && job.error.as_ref().is_some_and(|error| error.code == "effect_unknown") {
        let id = job.id;
        text.push_str(&format!(
            "decide  `visualkit jobs effects {id}` shows the call; when it happened: `visualkit jobs retry {id} --effect assume_done`, when it did not: `--effect repeat`\n"
        ));
    }
    if let Some(discarded) = &job.discarded {
        let (at, reason) = (
            discarded.at.format("%Y-%m-%d %H:%M:%S"),
            one_line(&discarded.reason, 500),
        );
        text.push_str(&format!("discarded  {at}: {reason}\n"));
    }
    let has_runs = job.attempts.iter().any(|attempt| attempt.run > 1);
    for attempt in &job.attempts {
        text.push_str(&format!("{}\n", attempt_line(attempt, has_runs)));
    }
    if let Some(result) = job.result.as_ref().filter(|result| !result.is_null()) {
        text.push_str(&format!("result  {}\n", one_line(&result.to_string(), 1000)));
    }
    text
}

/// What came of an attempt, where, how long it took, and why it failed; of which run, if `of_run`.
pub(crate) fn attempt_line(attempt: &Attempt, of_run: bool) -> String {
    let took = attempt
        .started_at
        .zip(attempt.ended_at)
        .and_then(|(from, to)| (to - from).to_std().ok());
    let took = took.map_or_else(|| "not ended".to_owned(), time);
    let outcome = one_line(attempt.outcome.as_deref().unwrap_or("running"), 40);
    let worker = one_line(attempt.worker.as_deref().unwrap_or("unknown worker"), 60);
    let run = match of_run {
        true => format!("run {}  ", attempt.run),
        false => String::new(),
    };
    let error = attempt.error.as_ref().filter(|error| !error.is_null());
    let error = error
        .map(|error| format!(": {}", error_text(error)))
        .unwrap_or_default();
    format!(
        "{run}attempt {}  {outcome} on {worker} ({took}){error}",
        attempt.attempt
    )
}

/// Its code, its step and its message, or whatever it is.
fn error_text(error: &Value) -> String {
    let field = |name: &str| error.get(name).and_then(Value::as_str);
    let (Some(code), Some(message)) = (field("code"), field("message")) else {
        return one_line(&error.to_string(), 300);
    };
    let step = field("step").map(|step| format!(" in step {}", one_line(step, 40)));
    format!(
        "{}{}: {}",
        one_line(code, 60),
        step.unwrap_or_default(),
        one_line(message, 300)
    )
}

/// A line for each step: its state, how long it took and in which attempt, what it counted, and why it failed.
pub(crate) fn step_lines(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        let mut line = format!("step {:8}  {:8}", one_line(&step.name, 40), one_line(&step.state, 20));
        if let Some(took) = step
            .duration_ms
            .and_then(|ms| Duration::try_from_secs_f64(ms / 1e3).ok())
        {
            line.push_str(&format!("  {}", time(took)));
        }
        if let Some(attempt) = step.attempt {
            line.push_str(&format!("  attempt {attempt}"));
        }
        for (name, count) in step.detail.as_ref().and_then(Value::as_object).into_iter().flatten() {
            line.push_str(&format!(
                "  {}: {}",
                one_line(name, 40),
                one_line(&count.to_string(), 40)
            ));
        }
        if let Some(error) = &step.error {
            line.push_str(&format!(
                "  {}: {}",
                one_line(&error.code, 40),
                one_line(&error.message, 120)
            ));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The state, then a line for each thing that holds the job back.
pub(crate) fn why_text(why: &Value) -> String {
    let field = |of: &Value, name| one_line(of.get(name).and_then(Value::as_str).unwrap_or_default(), 300);
    let mut text = format!("{}\n", field(why, "state"));
    let blockers: Vec<&Value> = why
        .get("blocked_by")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    if blockers.is_empty() {
        let has_ended = matches!(field(why, "state").as_str(), "succeeded" | "dead" | "cancelled");
        text.push_str(if has_ended {
            "  it has ended\n"
        } else {
            "  nothing holds it back\n"
        });
    }
    for blocker in blockers {
        text.push_str(&format!(
            "  {} ({}) since {}\n    {}\n",
            field(blocker, "reason"),
            field(blocker, "class"),
            field(blocker, "since"),
            field(blocker, "detail")
        ));
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_is_told_with_its_time_its_counts_and_its_error() {
        let steps: Vec<Step> = serde_json::from_value(json!([
            {"name": "chunk", "state": "done", "run": 1, "attempt": 2, "duration_ms": 250.0, "detail": {"chunks": 70}, "error": null},
            {"name": "embed", "state": "failed", "run": 1, "attempt": 2, "duration_ms": null, "detail": null,
             "error": {"code": "integration", "message": "the model is away", "retryable": true, "step": "embed"}},
            {"name": "index", "state": "pending", "run": null, "attempt": null, "duration_ms": null, "detail": null, "error": null},
        ]))
        .unwrap();
        assert_eq!(
            step_lines(&steps),
            "step chunk     done      250 ms  attempt 2  chunks: 70\n\
             step embed     failed    attempt 2  integration: the model is away\n\
             step index     pending\n"
        );
    }

    #[test]
    fn nothing_holds_back_what_runs_and_what_has_ended_has_ended() {
        let why = |state: &str| why_text(&json!({"state": state, "blocked_by": []}));
        assert_eq!(why("running"), "running\n  nothing holds it back\n");
        assert_eq!(why("dead"), "dead\n  it has ended\n");
    }

    #[test]
    fn a_job_is_told_with_its_attempts_and_its_error() {
        let error = json!({"code": "too_long", "message": "the text is too long", "retryable": false});
        let job: Job = serde_json::from_value(json!({
            "id": uuid::Uuid::from_u128(1), "kind": "ingest_document", "pool": "ingest", "state": "dead", "attempt": 1,
            "max_attempts": 5, "progress": {"done": 3, "total": 9, "message": "embedding"}, "error": error,
            "created_at": "2026-01-02T03:04:05Z", "attempts": [{"attempt": 1, "worker": "w1", "outcome": "failed",
            "error": error, "started_at": "2026-01-02T03:04:05.000Z", "ended_at": "2026-01-02T03:04:05.250Z"}],
        }))
        .unwrap();
        assert_eq!(
            details(&job),
            "00000000-0000-0000-0000-000000000001  dead       ingest_document      ingest     2026-01-02 03:04:05  \
             attempt 1/5  3/9 embedding  too_long: the text is too long\n\
             attempt 1  failed on w1 (250 ms): too_long: the text is too long\n"
        );
    }

    #[test]
    fn a_job_that_was_told_to_stop_and_one_that_somebody_must_decide_of_say_so() {
        let told = |state: &str, cancel_requested: bool, code: &str| {
            let job: Job = serde_json::from_value(json!({
                "id": uuid::Uuid::from_u128(1), "kind": "call", "state": state, "cancel_requested": cancel_requested,
                "error": {"code": code, "message": "m", "retryable": false},
            }))
            .unwrap();
            details(&job)
        };
        assert!(told("running", true, "late").contains("\ntold to stop  "));
        assert!(!told("running", false, "late").contains("told to stop"));
        let text = told("dead", false, "effect_unknown");
        assert!(
            text.contains("`visualkit jobs retry 00000000-0000-0000-0000-000000000001 --effect assume_done`"),
            "{text}"
        );
        assert!(!told("dead", false, "late").contains("decide"));
        assert!(!told("queued", false, "effect_unknown").contains("decide"));
    }

    #[test]
    fn a_job_that_was_retried_and_given_up_names_its_runs_its_document_and_why() {
        let error = json!({"code": "embed_failed", "message": "away", "retryable": true, "step": "embed"});
        let attempt = |run: u32| {
            json!({"run": run, "attempt": 1, "worker": "w1", "outcome": "failed", "error": error,
            "started_at": "2026-01-02T03:04:05.000Z", "ended_at": "2026-01-02T03:04:05.250Z"})
        };
        let job: Job = serde_json::from_value(json!({
            "id": uuid::Uuid::from_u128(1), "kind": "ingest_document", "state": "dead", "document_id": uuid::Uuid::from_u128(2),
            "discarded": {"at": "2026-01-03T00:00:00Z", "reason": "the customer left"}, "attempts": [attempt(1), attempt(2)],
        }))
        .unwrap();
        let text = details(&job);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].ends_with("document 00000000-0000-0000-0000-000000000002"),
            "{text}"
        );
        assert_eq!(lines[1], "discarded  2026-01-03 00:00:00: the customer left");
        assert_eq!(
            lines[2],
            "run 1  attempt 1  failed on w1 (250 ms): embed_failed in step embed: away"
        );
        assert!(lines[3].starts_with("run 2  attempt 1"), "{text}");
    }
}
