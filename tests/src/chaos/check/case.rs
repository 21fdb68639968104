//! A history, indexed by what the rules ask for.
use crate::chaos::History;
use crate::chaos::history::{Act, Event, Expect, Fall, Micros};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(super) struct Submission<'a> {
    pub(super) tenant: &'a str,
    pub(super) kind: &'a str,
    pub(super) expect: Expect,
    pub(super) marker: Option<&'a str>,
    pub(super) unique_key: Option<&'a str>,
    /// The ids that were answered; one, if all is well.
    pub(super) jobs: BTreeSet<&'a str>,
    pub(super) refused: Option<(u16, &'a str)>,
}

#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) state: &'a str,
    pub(super) run: i32,
    pub(super) attempt: i32,
    pub(super) max_attempts: i32,
    pub(super) finished_at: Option<Micros>,
    pub(super) result: Option<&'a serde_json::Value>,
    pub(super) error_code: Option<&'a str>,
    pub(super) attempts: Vec<Attempt<'a>>,
}

impl Job<'_> {
    pub(super) fn has_ended(&self) -> bool {
        ["succeeded", "dead", "cancelled"].contains(&self.state)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    pub(super) run: i32,
    pub(super) number: i32,
    pub(super) worker: &'a str,
    pub(super) started_at: Micros,
    pub(super) ended_at: Micros,
    pub(super) outcome: &'a str,
}

impl Attempt<'_> {
    /// The process that made it: workers are called `<pool>-<process id>-<random>`.
    pub(super) fn pid(&self) -> Option<u32> {
        self.worker.split('-').nth(1)?.parse().ok()
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) at: Micros,
    pub(super) key: &'a str,
    pub(super) act: Act,
}

/// From the beginning of a fault until the parts are as they were; `until` is `None` when that was never.
#[derive(Debug)]
pub(super) struct Disturbance<'a> {
    pub(super) from: Micros,
    pub(super) until: Option<Micros>,
    pub(super) parts: &'a [String],
}

#[derive(Debug)]
pub(super) struct Silence<'a> {
    pub(super) at: Micros,
    pub(super) part: &'a str,
    pub(super) pid: u32,
    pub(super) how: Fall,
    pub(super) thawed_at: Option<Micros>,
}

#[derive(Debug, Default)]
pub(super) struct Case<'a> {
    pub(super) lease_ms: i64,
    pub(super) workers: &'a [String],
    pub(super) submissions: BTreeMap<&'a str, Submission<'a>>,
    pub(super) jobs: BTreeMap<&'a str, Job<'a>>,
    pub(super) cancels: BTreeSet<&'a str>,
    pub(super) seen: Vec<(&'a str, &'a str)>,
    /// By marker.
    pub(super) calls: BTreeMap<&'a str, Vec<Call<'a>>>,
    pub(super) decided: BTreeSet<&'a str>,
    /// When each job was seen waiting for a budget or a circuit.
    pub(super) held_back: BTreeMap<&'a str, Vec<Micros>>,
    /// Job, state, calls.
    pub(super) ledger: Vec<(&'a str, &'a str, i32)>,
    /// Key, resource.
    pub(super) keys: Vec<(&'a str, &'a str)>,
    /// Job, place.
    pub(super) indexed: Vec<(&'a str, &'a str)>,
    pub(super) silences: Vec<Silence<'a>>,
    /// When each process was started.
    pub(super) starts: Vec<(u32, Micros)>,
    pub(super) skewed: usize,
    pub(super) crashes: Vec<(&'a str, u32)>,
    pub(super) disturbances: BTreeMap<usize, Disturbance<'a>>,
    pub(super) unclear: usize,
    pub(super) replayed: usize,
}

impl<'a> Case<'a> {
    pub(super) fn of(history: &'a History) -> Self {
        let mut case = Self::default();
        for record in &history.records {
            case.take(record.at, &record.event);
        }
        // Attempts are written when they end.
        for event in history.events() {
            if let Event::Attempt {
                job,
                run,
                attempt,
                worker,
                started_at,
                ended_at,
                outcome,
            } = event
                && let Some(job) = case.jobs.get_mut(job.as_str())
            {
                job.attempts.push(Attempt {
                    run: *run,
                    number: *attempt,
                    worker,
                    started_at: *started_at,
                    ended_at: *ended_at,
                    outcome,
                });
            }
        }
        for job in case.jobs.values_mut() {
            job.attempts
                .sort_by_key(|attempt| (attempt.run, attempt.started_at, attempt.ended_at));
        }
        case
    }

    fn take(&mut self, at: Micros, event: &'a Event) {
        match event {
            Event::Began { lease_ms, workers, .. } => (self.lease_ms, self.workers) = (*lease_ms, workers),
            Event::Submitted {
                n,
                tenant,
                kind,
                expect,
                marker,
                unique_key,
            } => {
                let submission = Submission {
                    tenant,
                    kind,
                    expect: *expect,
                    marker: marker.as_deref(),
                    unique_key: unique_key.as_deref(),
                    jobs: BTreeSet::new(),
                    refused: None,
                };
                self.submissions.insert(n, submission);
            }
            Event::Accepted { n, job, replayed } => {
                self.replayed += usize::from(*replayed);
                if let Some(submission) = self.submissions.get_mut(n.as_str()) {
                    submission.jobs.insert(job);
                }
            }
            Event::Refused { n, status, body } => {
                if let Some(submission) = self.submissions.get_mut(n.as_str()) {
                    submission.refused = Some((*status, body));
                }
            }
            Event::Unclear { .. } => self.unclear += 1,
            Event::CancelAsked { job } => drop(self.cancels.insert(job)),
            Event::Seen { job, state } => self.seen.push((job, state)),
            Event::Called { marker, key, act } => {
                self.calls.entry(marker).or_default().push(Call { at, key, act: *act });
            }
            Event::HeldBack { job } => self.held_back.entry(job).or_default().push(at),
            Event::Decided { job, .. } => drop(self.decided.insert(job)),
            Event::Effect { job, state, calls, .. } => self.ledger.push((job, state, *calls)),
            Event::IdempotencyKey { key, resource, .. } => self.keys.push((key, resource)),
            Event::Indexed { job, place } => self.indexed.push((job, place)),
            Event::Job { job, .. } => drop(self.jobs.insert(job, final_job(event))),
            _ => self.take_fault(at, event),
        }
    }

    fn take_fault(&mut self, at: Micros, event: &'a Event) {
        match event {
            Event::Started { pid, skew_ms, .. } => {
                self.starts.push((*pid, at));
                self.skewed += usize::from(*skew_ms != 0);
            }
            Event::Fell { part, pid, how } => self.silences.push(Silence {
                at,
                part,
                pid: *pid,
                how: *how,
                thawed_at: None,
            }),
            Event::Thawed { pid, .. } => {
                let last = self.silences.iter_mut().rev().find(|silence| silence.pid == *pid);
                last.into_iter().for_each(|silence| silence.thawed_at = Some(at));
            }
            Event::Disturbed { number, parts, .. } => {
                self.disturbances.insert(
                    *number,
                    Disturbance {
                        from: at,
                        until: None,
                        parts,
                    },
                );
            }
            Event::Restored { number } => {
                if let Some(disturbance) = self.disturbances.get_mut(number) {
                    disturbance.until = Some(at);
                }
            }
            Event::Crashed { part, pid } => self.crashes.push((part, *pid)),
            _ => {}
        }
    }

    pub(super) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let jobs = |state: &str| self.jobs.values().filter(|job| job.state == state).count();
        let attempts = |outcome: &str| -> usize {
            let of = |job: &Job<'_>| job.attempts.iter().filter(|attempt| attempt.outcome == outcome).count();
            self.jobs.values().map(of).sum()
        };
        let fell = |how: Fall| self.silences.iter().filter(|silence| silence.how == how).count();
        let calls = |act: Act| self.calls.values().flatten().filter(|call| call.act == act).count();
        let tenants: BTreeSet<&str> = self.submissions.values().map(|submission| submission.tenant).collect();
        let kinds: BTreeSet<&str> = self.submissions.values().map(|submission| submission.kind).collect();
        BTreeMap::from([
            ("attempts that failed", attempts("failed")),
            ("attempts that succeeded", attempts("succeeded")),
            ("attempts that were handed back", attempts("handed_back")),
            ("attempts that were lost", attempts("lost")),
            ("calls that the observer acted on", calls(Act::Acted)),
            ("calls that the observer refused", calls(Act::Refused)),
            ("calls decided by a person afterwards", self.decided.len()),
            ("faults", self.disturbances.len()),
            ("jobs", self.jobs.len()),
            ("jobs cancelled", jobs("cancelled")),
            ("jobs dead", jobs("dead")),
            ("jobs succeeded", jobs("succeeded")),
            ("kinds", kinds.len()),
            (
                "ids left in Redis, popped or held, of ended jobs",
                self.indexed.iter().filter(|(_, place)| *place != "queued").count(),
            ),
            ("processes frozen", fell(Fall::Frozen)),
            ("processes killed", fell(Fall::Killed)),
            ("processes started with a wrong clock", self.skewed),
            ("processes terminated", fell(Fall::Terminated)),
            ("submissions", self.submissions.len()),
            ("submissions answered again by their key", self.replayed),
            ("submissions sent again, the answer being lost", self.unclear),
            ("tenants", tenants.len()),
        ])
    }
}

fn final_job(event: &Event) -> Job<'_> {
    let Event::Job {
        state,
        run,
        attempt,
        max_attempts,
        finished_at,
        result,
        error_code,
        ..
    } = event
    else {
        unreachable!("asked for by its only caller")
    };
    Job {
        state,
        run: *run,
        attempt: *attempt,
        max_attempts: *max_attempts,
        finished_at: *finished_at,
        result: result.as_ref(),
        error_code: error_code.as_deref(),
        attempts: Vec::new(),
    }
}
