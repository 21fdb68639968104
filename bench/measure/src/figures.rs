use crate::{Arrivals, Quantiles};
use serde::Serialize;
use std::collections::BTreeMap;

/// The figures of one queue, in the words of `bench/peers`. Rates are a second, times in milliseconds, memory in MB.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub enqueue_single_per_s: f64,
    /// By 32 callers.
    pub enqueue_concurrent_per_s: f64,
    /// In batches of 100.
    pub enqueue_batch_per_s: f64,
    /// No-op jobs, by the concurrency of one worker process.
    pub jobs_per_s: BTreeMap<usize, f64>,
    /// From the return of the call to the start of the handler.
    pub hop_idle_ms: Quantiles,
    pub call_to_start_idle_ms: Quantiles,
    /// From the instant at which the job was safe: for us the commit.
    pub safe_to_start_idle_ms: Quantiles,
    pub call_to_safe_idle_ms: Quantiles,
    /// At half the rate that is the smaller of what 32 callers can queue and what a worker of concurrency 10 can run.
    pub hop_paced_50: Paced,
    pub hop_paced_80: Paced,
    pub worker_rss_mb_idle: f64,
    /// The most while the concurrency was 100.
    pub worker_rss_mb_busy: f64,
}

/// What jobs waited that arrived at a steady rate: from the call to the start of the handler.
#[derive(Clone, Debug, Serialize)]
pub struct Paced {
    #[serde(flatten)]
    pub from_call: Quantiles,
    pub from_return: Quantiles,
    pub aimed_per_s: f64,
    pub offered_per_s: f64,
    /// What the queue had not taken five seconds after the last arrival, and what had not started five seconds later. Either: it grows.
    pub unsubmitted: usize,
    pub unstarted: usize,
}

impl Paced {
    pub(crate) fn of(arrivals: &Arrivals, aimed_per_s: f64) -> Self {
        Self {
            from_call: arrivals.from_call,
            from_return: arrivals.from_return,
            aimed_per_s: aimed_per_s.round(),
            offered_per_s: arrivals.per_second,
            unsubmitted: arrivals.unsubmitted,
            unstarted: arrivals.unstarted,
        }
    }
}
