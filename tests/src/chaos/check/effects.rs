//! Each effect exactly once, by the book of whoever was called.
use super::case::{Call, Case, Job};
use super::verdict::{Rule, Violation};
use crate::chaos::history::Act;
use std::collections::BTreeMap;

pub(super) fn check(case: &Case<'_>, violations: &mut Vec<Violation>) {
    let mut written: BTreeMap<&str, i32> = BTreeMap::new();
    for (id, state, calls) in &case.ledger {
        *written.entry(id).or_default() += calls;
        let open = ["intended", "unknown"].contains(state);
        if open && !case.jobs.get(id).is_some_and(|job| is_allowed_to_be_open(job)) {
            let detail = format!("the ledger says {state}, and nobody has found out");
            violations.push(Violation::new(Rule::OpenEffect, id, detail));
        }
    }
    let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
    for submission in case.submissions.values() {
        let (Some(marker), Some(id)) = (submission.marker, submission.jobs.first()) else {
            continue;
        };
        let Some(job) = case.jobs.get(id) else { continue };
        let calls = case.calls.get(marker).map_or(&[][..], Vec::as_slice);
        violations.extend(judge(id, job, calls, written.get(id).copied().unwrap_or(0)));
        for key in calls.iter().map(|call| call.key) {
            let owner = *keys.entry(key).or_insert(marker);
            if owner != marker {
                let detail = format!("sent the idempotency key of {owner}");
                violations.push(Violation::new(Rule::UnwrittenCall, id, detail));
            }
        }
    }
}

/// A job that was cancelled or has lost all its workers in the middle of a call has nobody left to ask.
fn is_allowed_to_be_open(job: &Job<'_>) -> bool {
    job.state == "cancelled" || (job.state == "dead" && job.error_code == Some("worker_lost"))
}

fn judge(id: &str, job: &Job<'_>, calls: &[Call<'_>], written: i32) -> Option<Violation> {
    let broken = |rule, detail: String| Some(Violation::new(rule, id, detail));
    let acted = calls.iter().filter(|call| call.act == Act::Acted).count();
    if acted > 1 {
        return broken(Rule::DoubleEffect, format!("took effect {acted} times"));
    }
    if i32::try_from(calls.len()).is_ok_and(|calls| calls > written) {
        return broken(
            Rule::UnwrittenCall,
            format!("{} calls came, and the ledger knows {written}", calls.len()),
        );
    }
    if calls.windows(2).any(|pair| pair[0].key != pair[1].key) {
        return broken(
            Rule::UnwrittenCall,
            "its calls came under several idempotency keys".to_owned(),
        );
    }
    if job.state == "succeeded" && acted == 0 {
        return broken(Rule::WrongEffect, "succeeded without its effect".to_owned());
    }
    if job.state == "dead" && job.error_code == Some("integration") && acted > 0 {
        return broken(
            Rule::WrongEffect,
            "failed for good, and took effect all the same".to_owned(),
        );
    }
    let finished_at = job.finished_at.filter(|_| job.state == "succeeded")?;
    let late = calls.iter().find(|call| call.at > finished_at)?;
    broken(
        Rule::StaleEffect,
        format!(
            "was called {} ms after it had succeeded",
            (late.at - finished_at) / 1000
        ),
    )
}
