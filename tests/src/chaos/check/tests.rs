//! A good history passes; for each rule, one that breaks it does not.
use super::{Bounds, Rule, Verdict, check};
use crate::chaos::History;
use crate::chaos::history::{Act, Event, Expect, Fall, Micros, Record};
use serde_json::json;

mod recovery;

/// Milliseconds from the run's beginning, as a history has them.
fn at(ms: i64) -> Micros {
    1_800_000_000_000_000 + ms * 1000
}

/// Records in the making. Leases last 2 s; worker-1 is process 101, worker-2 is 102.
struct Story(History);

impl Story {
    fn begin() -> Self {
        let mut story = Self(History::default());
        let workers = vec!["worker-1".to_owned(), "worker-2".to_owned()];
        story.tell(
            0,
            Event::Began {
                seed: 1,
                minutes: 1.0,
                lease_ms: 2000,
                workers,
            },
        );
        for (part, pid) in [("worker-1", 101), ("worker-2", 102)] {
            story.tell(
                0,
                Event::Started {
                    part: part.to_owned(),
                    pid,
                    skew_ms: 0,
                },
            );
        }
        story
    }

    fn tell(&mut self, ms: i64, event: Event) -> &mut Self {
        self.0.records.push(Record { at: at(ms), event });
        self
    }

    fn submitted(&mut self, n: &str, kind: &str, expect: Expect) -> &mut Self {
        let marker = (kind == "diagnostics.call").then(|| n.to_owned());
        let submitted = Event::Submitted {
            n: n.to_owned(),
            tenant: "tenant-0".to_owned(),
            kind: kind.to_owned(),
            expect,
            marker,
            unique_key: None,
        };
        self.tell(10, submitted)
    }

    fn accepted(&mut self, n: &str, job: &str) -> &mut Self {
        self.tell(
            20,
            Event::Accepted {
                n: n.to_owned(),
                job: job.to_owned(),
                replayed: false,
            },
        )
    }

    fn attempt(&mut self, job: &str, number: i32, pid: u32, span: (i64, i64), outcome: &str) -> &mut Self {
        let attempt = Event::Attempt {
            job: job.to_owned(),
            run: 1,
            attempt: number,
            worker: format!("general-{pid}-abc"),
            started_at: at(span.0),
            ended_at: at(span.1),
            outcome: outcome.to_owned(),
        };
        self.tell(90_000, attempt)
    }

    /// The job's last row: `finished` in milliseconds.
    fn job(&mut self, job: &str, state: &str, attempt: i32, finished: i64, result: serde_json::Value) -> &mut Self {
        self.dead_job(job, state, attempt, finished, result, None)
    }

    fn dead_job(
        &mut self,
        job: &str,
        state: &str,
        attempt: i32,
        finished: i64,
        result: serde_json::Value,
        code: Option<&str>,
    ) -> &mut Self {
        let row = Event::Job {
            job: job.to_owned(),
            tenant: "tenant-0".to_owned(),
            kind: "any".to_owned(),
            state: state.to_owned(),
            run: 1,
            attempt,
            max_attempts: 20,
            finished_at: Some(at(finished)),
            result: Some(result),
            error_code: code.map(str::to_owned),
        };
        self.tell(90_000, row)
    }

    fn called(&mut self, ms: i64, marker: &str, key: &str, act: Act) -> &mut Self {
        self.tell(
            ms,
            Event::Called {
                marker: marker.to_owned(),
                key: key.to_owned(),
                act,
            },
        )
    }

    fn ledger(&mut self, job: &str, state: &str, calls: i32) -> &mut Self {
        let effect = Event::Effect {
            job: job.to_owned(),
            step: "call".to_owned(),
            state: state.to_owned(),
            calls,
        };
        self.tell(90_000, effect)
    }

    fn fell(&mut self, ms: i64, pid: u32, how: Fall) -> &mut Self {
        self.tell(
            ms,
            Event::Fell {
                part: format!("worker-{}", pid - 100),
                pid,
                how,
            },
        )
    }

    fn verdict(&self) -> Verdict {
        check(&self.0, Bounds { margin_ms: Some(500) })
    }

    fn breaks(&self, rule: Rule) {
        let verdict = self.verdict();
        assert!(
            verdict.violations.iter().any(|violation| violation.rule == rule),
            "{rule:?} was not noticed:\n{verdict}"
        );
    }
}

/// A sleep whose first worker was killed, and a call.
fn good() -> Story {
    let mut story = Story::begin();
    story
        .submitted("s", "diagnostics.sleep", Expect::Succeeds)
        .accepted("s", "job-s");
    story
        .submitted("c", "diagnostics.call", Expect::Succeeds)
        .accepted("c", "job-c");
    story.fell(1000, 101, Fall::Killed);
    story
        .attempt("job-s", 1, 101, (100, 2900), "lost")
        .attempt("job-s", 2, 102, (3100, 4100), "succeeded");
    story.job("job-s", "succeeded", 2, 4100, json!({"slept_ms": 1000, "attempt": 2}));
    story
        .called(150, "c", "key-c", Act::Refused)
        .called(400, "c", "key-c", Act::Acted)
        .ledger("job-c", "done", 2);
    story
        .attempt("job-c", 1, 102, (140, 160), "failed")
        .attempt("job-c", 2, 102, (390, 410), "succeeded");
    story.job("job-c", "succeeded", 2, 410, json!({"status": 200}));
    story
}

/// The good history without the records that `unwanted` picks.
fn without(unwanted: impl Fn(&Event) -> bool) -> Story {
    let mut story = good();
    story.0.records.retain(|record| !unwanted(&record.event));
    story
}

#[test]
fn a_good_history_passes_and_its_recovery_is_measured() {
    let verdict = good().verdict();
    assert_eq!(verdict.violations, []);
    assert_eq!(
        (
            verdict.recovery.judged,
            verdict.recovery.worst_ms,
            verdict.recovery.late
        ),
        (1, 2100, 0)
    );
}

#[test]
fn a_run_that_a_person_asked_for_is_no_recovery() {
    let mut story = without(|event| matches!(event, Event::Attempt { job, .. } if job == "job-s"));
    // Nobody begins what was to be cancelled, and whose call nobody knows the end of: it is dead, until somebody decides.
    story.attempt("job-s", 1, 101, (100, 2900), "lost");
    let again = Event::Attempt {
        job: "job-s".to_owned(),
        run: 2,
        attempt: 1,
        worker: "general-102-abc".to_owned(),
        started_at: at(60_000),
        ended_at: at(60_100),
        outcome: "succeeded".to_owned(),
    };
    story.tell(90_000, again);
    let recovery = story.verdict().recovery;
    assert_eq!((recovery.judged, recovery.worst_ms, recovery.late), (1, 1900, 0));
}

#[test]
fn a_history_reads_back_as_it_was_written() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let story = good();
    let lines: String = story
        .0
        .records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n")
        .collect();
    std::fs::write(file.path(), lines).unwrap();
    assert_eq!(History::read(file.path()).unwrap(), story.0);
}

#[test]
fn a_job_that_is_gone_is_lost() {
    without(|event| matches!(event, Event::Job { job, .. } if job == "job-s")).breaks(Rule::LostJob);
}

#[test]
fn a_job_that_never_ended_is_lost() {
    let mut story = without(|event| matches!(event, Event::Job { job, .. } if job == "job-s"));
    story.job("job-s", "queued", 1, 0, json!(null)).breaks(Rule::LostJob);
}

#[test]
fn a_submission_that_nobody_accepts_is_lost() {
    good()
        .submitted("x", "diagnostics.noop", Expect::Succeeds)
        .breaks(Rule::LostJob);
}

#[test]
fn two_jobs_for_one_key_are_noticed_whether_a_client_was_told_or_not() {
    good().accepted("s", "job-c").breaks(Rule::DoubleJob);
    let result = json!({});
    good()
        .job("job-x", "succeeded", 1, 500, result)
        .attempt("job-x", 1, 102, (1, 2), "succeeded")
        .breaks(Rule::DoubleJob);
    let key = Event::IdempotencyKey {
        tenant: "tenant-0".to_owned(),
        key: "s".to_owned(),
        resource: "job-x".to_owned(),
    };
    good().tell(90_000, key).breaks(Rule::DoubleJob);
}

#[test]
fn two_jobs_of_a_unique_key_must_not_run_at_the_same_time() {
    let story = |second: (i64, i64)| {
        let mut story = Story::begin();
        for (n, span) in [("a", (100, 500)), ("b", second)] {
            story.submitted(n, "diagnostics.sleep", Expect::Succeeds).accepted(n, n);
            story
                .attempt(n, 1, 102, span, "succeeded")
                .job(n, "succeeded", 1, span.1, json!({}));
        }
        for record in &mut story.0.records {
            if let Event::Submitted { unique_key, .. } = &mut record.event {
                *unique_key = Some("u".to_owned());
            }
        }
        story
    };
    assert_eq!(story((501, 900)).verdict().violations, []);
    story((499, 900)).breaks(Rule::DoubleJob);
}

#[test]
fn another_end_than_the_payload_asks_for_is_wrong() {
    let ended = |state: &str, code: Option<&str>| {
        let mut story = Story::begin();
        story
            .submitted("f", "diagnostics.fail", Expect::Succeeds)
            .accepted("f", "job-f");
        story
            .attempt("job-f", 1, 102, (100, 200), "failed")
            .dead_job("job-f", state, 1, 200, json!(null), code);
        story
    };
    ended("dead", Some("diagnostic")).breaks(Rule::WrongEnd);
    // Spent are attempts only when all of them are.
    ended("dead", Some("worker_lost")).breaks(Rule::WrongEnd);
    ended("cancelled", None).breaks(Rule::WrongEnd);
    let mut asked = ended("cancelled", None);
    asked.tell(
        30,
        Event::CancelAsked {
            job: "job-f".to_owned(),
        },
    );
    assert_eq!(asked.verdict().violations, []);
}

#[test]
fn an_end_that_a_client_saw_must_stay() {
    let seen = |state: &str| Event::Seen {
        job: "job-s".to_owned(),
        state: state.to_owned(),
    };
    assert_eq!(good().tell(5000, seen("succeeded")).verdict().violations, []);
    good().tell(5000, seen("cancelled")).breaks(Rule::ForgottenEnd);
    good().tell(5000, seen("dead")).breaks(Rule::ForgottenEnd);
}

#[test]
fn an_effect_happens_once() {
    good()
        .called(405, "c", "key-c", Act::Acted)
        .ledger("job-c", "done", 3)
        .breaks(Rule::DoubleEffect);
    without(|event| matches!(event, Event::Called { act: Act::Acted, .. })).breaks(Rule::WrongEffect);
}

#[test]
fn what_failed_for_good_has_had_no_effect() {
    let mut story = Story::begin();
    story
        .submitted("c", "diagnostics.call", Expect::Fails)
        .accepted("c", "job-c");
    story.called(150, "c", "key-c", Act::Acted).ledger("job-c", "failed", 1);
    story.attempt("job-c", 1, 102, (140, 160), "failed");
    story
        .dead_job("job-c", "dead", 1, 160, json!(null), Some("integration"))
        .breaks(Rule::WrongEffect);
}

#[test]
fn a_call_by_a_worker_that_comes_after_the_end_is_noticed() {
    good()
        .called(450, "c", "key-c", Act::Refused)
        .ledger("job-c", "done", 1)
        .breaks(Rule::StaleEffect);
}

#[test]
fn a_call_that_the_ledger_does_not_know_is_noticed() {
    good()
        .called(405, "c", "key-c", Act::Refused)
        .breaks(Rule::UnwrittenCall);
    good()
        .called(405, "c", "key-x", Act::Refused)
        .ledger("job-c", "done", 1)
        .breaks(Rule::UnwrittenCall);
}

#[test]
fn a_call_of_unknown_outcome_must_be_settled() {
    good().ledger("job-c", "unknown", 0).breaks(Rule::OpenEffect);
}

#[test]
fn attempts_come_one_after_the_other() {
    let attempts = |spans: [(i32, (i64, i64)); 2]| {
        let mut story = without(|event| matches!(event, Event::Attempt { job, .. } if job == "job-s"));
        story.attempt("job-s", spans[0].0, 101, spans[0].1, "lost").attempt(
            "job-s",
            spans[1].0,
            102,
            spans[1].1,
            "succeeded",
        );
        story
    };
    attempts([(1, (100, 2900)), (2, (2890, 4100))]).breaks(Rule::AttemptOrder);
    attempts([(1, (100, 2900)), (3, (3000, 4100))]).breaks(Rule::AttemptOrder);
    attempts([(2, (100, 2900)), (2, (3000, 4100))]).breaks(Rule::AttemptOrder);
}

#[test]
fn outcomes_add_up_to_the_end() {
    good()
        .attempt("job-s", 3, 102, (4200, 4300), "succeeded")
        .breaks(Rule::AttemptCount);
    without(|event| matches!(event, Event::Attempt { outcome, .. } if outcome == "lost")).breaks(Rule::AttemptCount);
}

#[test]
fn a_worker_that_lost_the_job_must_not_end_it() {
    let succeeded_first = |result: serde_json::Value| {
        let mut story = Story::begin();
        story
            .submitted("s", "diagnostics.sleep", Expect::Succeeds)
            .accepted("s", "job-s");
        story
            .fell(200, 101, Fall::Frozen)
            .job("job-s", "succeeded", 2, 4100, result);
        story
    };
    // Frozen, fenced out, and recorded as the success all the same.
    let mut story = succeeded_first(json!({"attempt": 1}));
    story
        .attempt("job-s", 1, 101, (100, 4100), "succeeded")
        .attempt("job-s", 2, 102, (3000, 3900), "lost");
    story.breaks(Rule::FencedResult);
    // The other's success is recorded, and the result is that of the one that was fenced out.
    let mut story = succeeded_first(json!({"attempt": 1}));
    story
        .attempt("job-s", 1, 101, (100, 2900), "lost")
        .attempt("job-s", 2, 102, (3000, 4100), "succeeded");
    story.breaks(Rule::FencedResult);
}

#[test]
fn a_dead_process_begins_nothing() {
    let mut story = good();
    story.fell(3000, 102, Fall::Killed).breaks(Rule::FencedResult);
    story.tell(
        3050,
        Event::Started {
            part: "worker-2".to_owned(),
            pid: 102,
            skew_ms: 0,
        },
    );
    assert!(
        !story
            .verdict()
            .violations
            .iter()
            .any(|violation| violation.rule == Rule::FencedResult)
    );
}

#[test]
fn nothing_is_left_behind() {
    let indexed = |job: &str, place: &str| Event::Indexed {
        job: job.to_owned(),
        place: place.to_owned(),
    };
    good().tell(90_000, indexed("job-s", "queued")).breaks(Rule::Leftover);
    good().tell(90_000, indexed("job-x", "popped")).breaks(Rule::Leftover);
    good()
        .tell(
            90_000,
            Event::Crashed {
                part: "api".to_owned(),
                pid: 7,
            },
        )
        .breaks(Rule::Crash);
}
