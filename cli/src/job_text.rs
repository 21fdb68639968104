//! A job as people read it.

use crate::client::Job;
use crate::render::{one_line, time};

/// One line: id, state, kind, pool, when it was made, attempts, progress and error.
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
    text
}

/// The line, then each attempt, then the result.
pub(crate) fn details(job: &Job) -> String {
    let mut text = format!("{}\n", line(job));
    for attempt in &job.attempts {
        let took = attempt
            .started_at
            .zip(attempt.ended_at)
            .and_then(|(from, to)| (to - from).to_std().ok());
        let took = took.map_or_else(|| "not ended".to_owned(), time);
        let outcome = one_line(attempt.outcome.as_deref().unwrap_or("running"), 40);
        let worker = one_line(attempt.worker.as_deref().unwrap_or("unknown worker"), 60);
        text.push_str(&format!("attempt {}  {outcome} on {worker} ({took})", attempt.attempt));
        if let Some(error) = attempt.error.as_ref().filter(|error| !error.is_null()) {
            text.push_str(&format!(": {}", one_line(&error.to_string(), 300)));
        }
        text.push('\n');
    }
    if let Some(result) = job.result.as_ref().filter(|result| !result.is_null()) {
        text.push_str(&format!("result  {}\n", one_line(&result.to_string(), 1000)));
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

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
             attempt 1  failed on w1 (250 ms): \
             {\"code\":\"too_long\",\"message\":\"the text is too long\",\"retryable\":false}\n"
        );
    }
}
