use crate::Quantiles;
use std::collections::HashMap;
use std::future::Future;
use std::ops::Range;
use tokio::process::Command;

/// A queue to be measured. Its jobs are numbered and do nothing.
pub trait Subject: Send + Sync + 'static {
    /// Queues job `n`, as one caller would. Returns when the job was safe, by [`now_ms`](crate::now_ms), which may be before the call's end.
    fn single(&self, n: u32) -> impl Future<Output = anyhow::Result<f64>> + Send;

    /// Queues many jobs in one call.
    fn batch(&self, numbers: Range<u32>) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// How many jobs have not ended. Asked often while workers work, so it should cost the servers little.
    fn left(&self) -> impl Future<Output = anyhow::Result<u64>> + Send;

    /// Forgets every job.
    fn purge(&self) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// A worker that runs `concurrency` jobs at once, until SIGTERM.
    fn worker(&self, concurrency: usize) -> Command;

    /// When the handlers of the jobs since the last purge started, by [`now_ms`](crate::now_ms).
    fn starts(&self) -> impl Future<Output = anyhow::Result<HashMap<u32, f64>>> + Send;
}

/// One measured call of [`Subject::single`], by [`now_ms`](crate::now_ms).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) n: u32,
    pub(crate) called: f64,
    pub(crate) safe: f64,
    pub(crate) returned: f64,
}

/// The times between `from` and the start of the handler, of those jobs that have started.
pub(crate) fn waits(calls: &[Call], starts: &HashMap<u32, f64>, from: impl Fn(&Call) -> f64) -> Quantiles {
    let started = |call: &Call| starts.get(&call.n).map(|start| start - from(call));
    Quantiles::of(calls.iter().filter_map(started).collect())
}
