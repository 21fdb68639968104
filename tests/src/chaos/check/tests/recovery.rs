use super::{Story, without};
use crate::chaos::check::Rule;
use crate::chaos::history::{Event, Expect, Fall};
use serde_json::json;

/// A worker fell silent at 1000 ms with a job in hand, and another began it then.
fn recovered(begun: i64) -> Story {
    let mut story = without(|event| matches!(event, Event::Attempt { job, .. } if job == "job-s"));
    story
        .attempt("job-s", 1, 101, (100, begun - 10), "lost")
        .attempt("job-s", 2, 102, (begun, 9000), "succeeded");
    story
}

#[test]
fn a_job_that_waits_too_long_for_another_worker_is_late_unless_nothing_was_promised() {
    assert_eq!(recovered(4400).verdict().violations, []);
    recovered(4600).breaks(Rule::LateRecovery);
    let disturbed = |parts: &str| {
        let mut story = recovered(4600);
        let parts = vec![parts.to_owned()];
        story.tell(
            2000,
            Event::Disturbed {
                number: 0,
                fault: "any".to_owned(),
                parts,
            },
        );
        story.tell(2500, Event::Restored { number: 0 });
        story
    };
    for part in ["postgres", "redis", "worker-2"] {
        let verdict = disturbed(part).verdict();
        assert_eq!((verdict.violations, verdict.recovery.excused), (vec![], 1));
    }
    disturbed("api").breaks(Rule::LateRecovery);
}

#[test]
fn a_job_that_nobody_takes_from_a_frozen_worker_is_late() {
    let frozen = |thawed: i64| {
        let mut story = Story::begin();
        story
            .submitted("s", "diagnostics.sleep", Expect::Succeeds)
            .accepted("s", "job-s");
        story.fell(1000, 101, Fall::Frozen).tell(
            thawed,
            Event::Thawed {
                part: "worker-1".to_owned(),
                pid: 101,
            },
        );
        story.attempt("job-s", 1, 101, (100, thawed + 100), "succeeded");
        story.job("job-s", "succeeded", 1, thawed + 100, json!({"attempt": 1}));
        story
    };
    assert_eq!(frozen(2500).verdict().violations, []);
    frozen(6000).breaks(Rule::LateRecovery);
}

#[test]
fn a_job_that_the_governor_held_back_was_late_only_if_it_was_taken_late() {
    let held_back = |job: &str, seen: i64| {
        let mut story = recovered(8000);
        let job = job.to_owned();
        story.tell(seen, Event::HeldBack { job });
        story
    };
    let verdict = held_back("job-s", 3500).verdict();
    assert_eq!((verdict.violations, verdict.recovery.worst_ms), (vec![], 2500));
    // Taken too late; held back before the worker fell silent, which says nothing; another job.
    held_back("job-s", 4600).breaks(Rule::LateRecovery);
    held_back("job-s", 900).breaks(Rule::LateRecovery);
    held_back("job-c", 3500).breaks(Rule::LateRecovery);
}
