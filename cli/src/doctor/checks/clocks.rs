use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use std::time::{SystemTime, UNIX_EPOCH};
use store::inspect::server_state;

pub(super) const CHECK: Check = Check {
    name: "clocks",
    run: |site| Box::pin(check(site)),
};

/// Ids are made by this machine's clock and leases kept by PostgreSQL's. Seconds do no harm; they say that nobody sets the clocks.
const WARNING_SECS: f64 = 2.0;
/// Jobs are then created in the past or future, and the week of a job may be one that has no partition.
const PROBLEM_SECS: f64 = 60.0;

async fn check(site: &Site) -> Looked {
    let (store, queue) = (site.store()?, site.answering_queue()?);
    let before = now_secs();
    let postgres = server_state(store).await?.clock_secs;
    let between = now_secs();
    let redis = queue.server_report().await?.clock_secs;
    let after = now_secs();
    // The answer was given at some time between question and answer: only what lies outside is a difference.
    let postgres = outside(postgres, before, between);
    let redis = outside(redis, between, after);
    let found = format!("PostgreSQL's clock differs from this machine's by {postgres:.1} s, Redis' by {redis:.1} s");
    let health = match postgres.abs().max(redis.abs()) {
        apart if apart > PROBLEM_SECS => Health::Problem,
        apart if apart > WARNING_SECS => Health::Warning,
        _ => return Ok(Verdict::ok(found)),
    };
    Ok(Verdict::new(health, found).advise("let all machines take their time from NTP"))
}

fn now_secs() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

fn outside(clock: f64, from: f64, to: f64) -> f64 {
    if clock < from {
        clock - from
    } else {
        (clock - to).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_outside_the_question_and_its_answer_is_a_difference() {
        assert!(outside(10.5, 10.0, 11.0).abs() < f64::EPSILON);
        assert!((outside(9.0, 10.0, 11.0) + 1.0).abs() < f64::EPSILON);
        assert!((outside(13.0, 10.0, 11.0) - 2.0).abs() < f64::EPSILON);
    }
}
