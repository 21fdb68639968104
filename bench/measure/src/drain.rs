use crate::clock::{now_ms, per_second};
use crate::{Subject, WorkerProcess};
use std::time::Duration;

/// How fast workers emptied a queue.
#[derive(Clone, Copy, Debug)]
pub struct Drained {
    /// From the start of the first handler until nothing was left.
    pub per_second: f64,
    /// The most resident memory of the first worker, in MB.
    pub memory_mb: f64,
}

/// Lets `processes` workers run what was queued, or as much of it as they run in `limit_ms`.
///
/// # Errors
/// A worker that ends by itself, or that runs nothing; the queue's.
pub async fn drain<S: Subject>(
    subject: &S,
    processes: usize,
    concurrency: usize,
    queued: usize,
    limit_ms: f64,
) -> anyhow::Result<Drained> {
    let deadline = now_ms() + limit_ms;
    let start = |_| WorkerProcess::start(subject.worker(concurrency));
    let workers = (0..processes).map(start).collect::<anyhow::Result<Vec<_>>>()?;
    let mut left = subject.left().await?;
    while left > 0 && now_ms() < deadline {
        tokio::time::sleep(Duration::from_millis(if left > 1000 { 5 } else { 2 })).await;
        left = subject.left().await?;
    }
    let end = now_ms();
    let memory_mb = workers.first().map_or(Ok(0.0), WorkerProcess::memory_most_mb)?;
    for worker in workers {
        worker.stop().await?;
    }
    let first = subject.starts().await?.into_values().fold(f64::INFINITY, f64::min);
    anyhow::ensure!(first.is_finite(), "the worker started no job within {limit_ms} ms");
    let done = queued.saturating_sub(usize::try_from(left).unwrap_or(usize::MAX));
    Ok(Drained {
        per_second: per_second(done, end - first),
        memory_mb,
    })
}
