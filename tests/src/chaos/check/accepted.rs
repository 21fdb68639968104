//! Accepted = ended: each submission became one job, and each job came to the end that its payload asks for.
use super::case::{Case, Job, Submission};
use super::verdict::{Rule, Violation};
use crate::chaos::history::Expect;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(case: &Case<'_>, violations: &mut Vec<Violation>) {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (n, submission) in &case.submissions {
        told.extend(&submission.jobs);
        violations.extend(judge(case, n, submission));
    }
    for id in case.jobs.keys().filter(|id| !told.contains(**id)) {
        violations.push(Violation::new(Rule::DoubleJob, id, "nobody was told of this job"));
    }
    for (key, resource) in &case.keys {
        let Some(submission) = case.submissions.get(key) else {
            continue;
        };
        if !submission.jobs.contains(resource) {
            let detail = format!("its idempotency key leads to {resource}, which nobody was told");
            violations.push(Violation::new(Rule::DoubleJob, key, detail));
        }
    }
    for (id, seen) in &case.seen {
        let now = case.jobs.get(id).map_or("gone", |job| job.state);
        if now != *seen && !(*seen == "dead" && case.decided.contains(id)) {
            let detail = format!("a client saw it {seen}, and it is {now}");
            violations.push(Violation::new(Rule::ForgottenEnd, id, detail));
        }
    }
    one_at_a_time(case, violations);
}

fn judge(case: &Case<'_>, n: &str, submission: &Submission<'_>) -> Option<Violation> {
    if let Some((status, body)) = submission.refused {
        return Some(Violation::new(
            Rule::LostJob,
            n,
            format!("refused with {status}: {body}"),
        ));
    }
    let mut ids = submission.jobs.iter();
    let Some(id) = ids.next() else {
        return Some(Violation::new(
            Rule::LostJob,
            n,
            "never accepted, though everything ran in the end",
        ));
    };
    if let Some(other) = ids.next() {
        return Some(Violation::new(Rule::DoubleJob, n, format!("became {id} and {other}")));
    }
    let Some(job) = case.jobs.get(id) else {
        return Some(Violation::new(
            Rule::LostJob,
            id,
            format!("submission {n} was accepted, and its job is gone"),
        ));
    };
    if !job.has_ended() {
        let detail = format!("submission {n} was accepted, and its job is {}", job.state);
        return Some(Violation::new(Rule::LostJob, id, detail));
    }
    let wrong = |why: String| {
        Violation::new(
            Rule::WrongEnd,
            id,
            format!("{} of submission {n} {why}", submission.kind),
        )
    };
    match (job.state, submission.expect) {
        ("succeeded", Expect::Succeeds) => None,
        ("cancelled", _) if case.cancels.contains(id) => None,
        ("dead", _) if is_spent(job) => None,
        ("dead", Expect::Fails)
            if job
                .error_code
                .is_some_and(|code| ["diagnostic", "integration"].contains(&code)) =>
        {
            None
        }
        ("cancelled", _) => Some(wrong("was cancelled without anybody asking for it".to_owned())),
        (state, expect) => {
            let code = job.error_code.unwrap_or("no error");
            Some(wrong(format!(
                "is {state} ({code}) after attempt {} of {}; expected: {expect:?}",
                job.attempt, job.max_attempts
            )))
        }
    }
}

/// It lost as many workers as it may: the end that poison comes to.
fn is_spent(job: &Job<'_>) -> bool {
    job.error_code == Some("worker_lost") && job.attempt >= job.max_attempts
}

/// Two jobs of one unique key never run at the same time. Their attempts are compared, since a row's creation time is that of its transaction's beginning.
fn one_at_a_time(case: &Case<'_>, violations: &mut Vec<Violation>) {
    let mut by_key: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for submission in case.submissions.values() {
        if let Some(key) = submission.unique_key {
            by_key
                .entry((submission.tenant, key))
                .or_default()
                .extend(&submission.jobs);
        }
    }
    for ((_, key), ids) in by_key {
        let mut spans: Vec<_> = ids
            .iter()
            .filter_map(|id| {
                let attempts = &case.jobs.get(id)?.attempts;
                Some((attempts.first()?.started_at, attempts.last()?.ended_at, *id))
            })
            .collect();
        spans.sort_unstable();
        for pair in spans.windows(2) {
            if pair[1].0 < pair[0].1 {
                let detail = format!("ran at the same time as {}, under the unique key {key}", pair[0].2);
                violations.push(Violation::new(Rule::DoubleJob, pair[1].2, detail));
            }
        }
    }
}
