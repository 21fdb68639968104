//! Attempts come one after the other, only the last may end the job well, and what stands as the result is what that one made.
use super::case::{Attempt, Case, Job};
use super::verdict::{Rule, Violation};
use crate::chaos::history::{Fall, Micros};

pub(super) fn check(case: &Case<'_>, violations: &mut Vec<Violation>) {
    for (id, job) in &case.jobs {
        violations.extend(order(id, job));
        violations.extend(count(id, job));
        violations.extend(fenced(case, id, job));
    }
}

fn order(id: &str, job: &Job<'_>) -> Option<Violation> {
    let disorder = |detail: String| Some(Violation::new(Rule::AttemptOrder, id, detail));
    let mut before: Option<&Attempt<'_>> = None;
    for attempt in &job.attempts {
        let expected = match before {
            Some(last) if last.run == attempt.run && last.outcome == "handed_back" => last.number,
            Some(last) if last.run == attempt.run => last.number + 1,
            _ => 1,
        };
        if attempt.number != expected {
            return disorder(format!("attempt {} where {expected} was due", attempt.number));
        }
        if let Some(last) = before.filter(|last| attempt.started_at < last.ended_at) {
            let overlap = (last.ended_at - attempt.started_at) / 1000;
            return disorder(format!(
                "attempt {} began {overlap} ms before the one before it had ended",
                attempt.number
            ));
        }
        if attempt.ended_at < attempt.started_at {
            return disorder(format!("attempt {} ended before it began", attempt.number));
        }
        before = Some(attempt);
    }
    None
}

fn count(id: &str, job: &Job<'_>) -> Option<Violation> {
    let wrong = |detail: String| Some(Violation::new(Rule::AttemptCount, id, detail));
    let successes = job
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome == "succeeded")
        .count();
    if successes != usize::from(job.state == "succeeded") {
        return wrong(format!("{} with {successes} attempts that succeeded", job.state));
    }
    let last_run: Vec<_> = job.attempts.iter().filter(|attempt| attempt.run == job.run).collect();
    let counted = last_run
        .iter()
        .filter(|attempt| attempt.outcome != "handed_back")
        .count();
    if job.has_ended() && i32::try_from(counted) != Ok(job.attempt) {
        return wrong(format!(
            "{counted} attempts are written down, and {} were counted",
            job.attempt
        ));
    }
    let last = last_run.last()?.outcome;
    if job.state == "succeeded" && last != "succeeded" {
        return wrong(format!("succeeded, and its last attempt is {last}"));
    }
    None
}

/// The attempt that ended the job must be the last one, by a process that lived when it began; and a result that names its attempt must name that one.
fn fenced(case: &Case<'_>, id: &str, job: &Job<'_>) -> Option<Violation> {
    let fenced = |detail: String| Some(Violation::new(Rule::FencedResult, id, detail));
    let success = job.attempts.iter().find(|attempt| attempt.outcome == "succeeded")?;
    let later = job
        .attempts
        .iter()
        .find(|attempt| (attempt.run, attempt.started_at) > (success.run, success.started_at));
    if let Some(later) = later {
        return fenced(format!(
            "attempt {} by {} was recorded as its success after attempt {} had been given to {}",
            success.number, success.worker, later.number, later.worker
        ));
    }
    if was_dead(case, success.pid()?, success.started_at) {
        return fenced(format!(
            "attempt {} succeeded in {}, which was dead before it began",
            success.number, success.worker
        ));
    }
    let result = job.result?;
    let named = result.get("attempt").or_else(|| result.get("attempts"))?.as_i64()?;
    if named != i64::from(success.number) {
        return fenced(format!(
            "the result was made by attempt {named}, and attempt {} is recorded as its success",
            success.number
        ));
    }
    None
}

/// Whether the process had been killed by then, and no later one has its number.
fn was_dead(case: &Case<'_>, pid: u32, at: Micros) -> bool {
    let killed = case
        .silences
        .iter()
        .filter(|silence| silence.pid == pid && silence.how == Fall::Killed);
    let last_killed = killed.map(|silence| silence.at).filter(|killed| *killed < at).max();
    let last_started = case
        .starts
        .iter()
        .filter(|(of, started)| *of == pid && *started < at)
        .map(|(_, started)| *started)
        .max();
    last_killed.is_some() && last_killed > last_started
}
