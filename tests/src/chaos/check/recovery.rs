//! How long jobs of a worker that fell silent waited for another.
use super::case::{Attempt, Case, Job, Silence};
use super::verdict::{Rule, Violation};
use crate::chaos::history::{Fall, Micros};
use std::fmt;

/// What is asked of recovery.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// How much longer than a lease and a second a job may wait; `None`: it is measured, and not judged.
    pub margin_ms: Option<i64>,
}

/// What the product promises on top of the lease.
const PROMISED_MS: i64 = 1000;

/// The upper ends of the histogram's columns, in milliseconds after the latest end of the lease; the last column is open.
const COLUMNS: [i64; 6] = [0, 250, 500, 1000, 2000, 5000];

#[derive(Clone, Debug, Default)]
pub struct Recovery {
    pub lease_ms: i64,
    /// Times a worker fell silent with jobs in hand, and was judged by at least one of them.
    pub windows: usize,
    /// Jobs whose wait was judged.
    pub judged: usize,
    /// Jobs that waited while PostgreSQL, Redis or every other worker was disturbed: nothing is promised then.
    pub excused: usize,
    pub worst_ms: i64,
    /// Later than the promise.
    pub late: usize,
    histogram: [usize; COLUMNS.len() + 1],
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "recovery: {} windows, {} jobs judged ({} excused), worst {} ms after the worker fell silent, {} later than lease + 1 s = {} ms",
            self.windows,
            self.judged,
            self.excused,
            self.worst_ms,
            self.late,
            self.lease_ms + PROMISED_MS
        )?;
        write!(f, "  after the lease's latest end:")?;
        for (column, count) in self.histogram.iter().enumerate() {
            match COLUMNS.get(column) {
                Some(0) => write!(f, "  before {count}")?,
                Some(end) => write!(f, "  <= {end} ms {count}")?,
                None => writeln!(f, "  later {count}")?,
            }
        }
        Ok(())
    }
}

pub(super) fn check(case: &Case<'_>, bounds: Bounds, violations: &mut Vec<Violation>) -> Recovery {
    let mut recovery = Recovery {
        lease_ms: case.lease_ms,
        ..Recovery::default()
    };
    let workers = |silence: &&Silence<'_>| {
        silence.how != Fall::Terminated && case.workers.iter().any(|part| part == silence.part)
    };
    for silence in case.silences.iter().filter(workers) {
        let before = recovery.judged;
        for (id, job) in &case.jobs {
            let Some(waited_ms) = waited(case, silence, id, job) else {
                continue;
            };
            if !is_judged(case, silence, waited_ms) {
                recovery.excused += 1;
                continue;
            }
            let limit = case.lease_ms + PROMISED_MS;
            recovery.judged += 1;
            recovery.worst_ms = recovery.worst_ms.max(waited_ms);
            recovery.late += usize::from(waited_ms > limit);
            let column = COLUMNS.iter().position(|end| waited_ms - case.lease_ms <= *end);
            recovery.histogram[column.unwrap_or(COLUMNS.len())] += 1;
            if bounds.margin_ms.is_some_and(|margin| waited_ms > limit + margin) {
                let detail = format!(
                    "waited {waited_ms} ms for another worker after process {} fell silent",
                    silence.pid
                );
                violations.push(Violation::new(Rule::LateRecovery, id, detail));
            }
        }
        recovery.windows += usize::from(recovery.judged > before);
    }
    recovery
}

/// How long the job, if that process ran it then, waited to be begun again (or taken and held back by the governor, or found dead); `None` when it lost nothing.
fn waited(case: &Case<'_>, silence: &Silence<'_>, id: &str, job: &Job<'_>) -> Option<i64> {
    let held = |attempt: &Attempt<'_>| {
        attempt.pid() == Some(silence.pid) && attempt.started_at <= silence.at && attempt.ended_at > silence.at
    };
    let at = job.attempts.iter().position(held)?;
    let attempt = &job.attempts[at];
    if let Some(thawed_at) = silence.thawed_at.filter(|thawed_at| attempt.ended_at > *thawed_at) {
        // It went on by itself. That is no recovery, and too late if it comes after another should have had the job.
        let frozen_ms = (thawed_at - silence.at) / 1000;
        return (frozen_ms > case.lease_ms + PROMISED_MS).then_some(frozen_ms);
    }
    // What else it ended, it had sent before it fell.
    (attempt.outcome == "lost").then(|| {
        // Of another run: a person asked for it, after the job was found dead.
        let next = job.attempts.get(at + 1).filter(|next| next.run == attempt.run);
        let begun_again = next.map_or(attempt.ended_at, |next| next.started_at);
        // It was running then: whoever it waited for the governor with had taken it since.
        let mut held_back = case.held_back.get(id).into_iter().flatten();
        let taken_again = held_back
            .find(|at| **at > silence.at)
            .map_or(begun_again, |at| begun_again.min(*at));
        (taken_again - silence.at) / 1000
    })
}

/// Whether PostgreSQL, Redis and one other worker were undisturbed while the job waited, as far as the promise goes.
fn is_judged(case: &Case<'_>, silence: &Silence<'_>, waited_ms: i64) -> bool {
    let until = silence.at + waited_ms.min(case.lease_ms + PROMISED_MS) * 1000;
    let calm = |part: &str| is_calm(case, part, silence.at, until);
    calm("postgres") && calm("redis") && case.workers.iter().any(|part| part != silence.part && calm(part))
}

fn is_calm(case: &Case<'_>, part: &str, from: Micros, until: Micros) -> bool {
    case.disturbances.values().all(|disturbance| {
        !disturbance.parts.iter().any(|disturbed| disturbed == part)
            || disturbance.from > until
            || disturbance.until.is_some_and(|restored| restored < from)
    })
}
