use crate::arrivals::{Gap, arrivals};
use crate::drain::drain;
use crate::enqueue::{enqueue_batches, enqueue_concurrently, enqueue_singles};
use crate::figures::{Figures, Paced};
use crate::{Subject, WorkerProcess};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// The numbers of the jobs of either paced load: theirs alone, since the worker and its earlier jobs are still there.
const PACED: (Range<u32>, Range<u32>) = (10_000_000..20_000_000, 20_000_000..30_000_000);

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Amounts {
    /// Jobs queued one at a time, and run at concurrency 1.
    pub singles: u32,
    /// Jobs queued in batches, and run at concurrency 10 and 100.
    pub jobs: u32,
    /// The most that 32 callers queue.
    pub concurrent: u32,
    /// Jobs whose hop is measured on an idle system.
    pub hops: u32,
    /// How long each paced load lasts.
    pub paced_secs: f64,
}

/// Measures everything, in the order of `bench/peers/measure.js`; `progress` is told what is measured next.
///
/// # Errors
/// The queue's; a worker that ends by itself.
pub async fn measure<S: Subject>(
    subject: &Arc<S>,
    amounts: Amounts,
    progress: impl Fn(&str),
) -> anyhow::Result<Figures> {
    subject.purge().await?;
    enqueue_singles(&**subject, amounts.singles.div_ceil(10), 2000.0).await?;
    subject.purge().await?;
    progress("one caller, concurrency 1");
    let (queued, single) = enqueue_singles(&**subject, amounts.singles, 5000.0).await?;
    let one = drain(&**subject, 1, 1, queued, 6000.0).await?;
    subject.purge().await?;
    progress("32 callers");
    let concurrent = enqueue_concurrently(subject, amounts.concurrent, 2000.0).await?;
    subject.purge().await?;
    progress("batches, concurrency 10");
    let (queued, batch) = enqueue_batches(&**subject, amounts.jobs, 10_000.0).await?;
    let ten = drain(&**subject, 1, 10, queued, 8000.0).await?;
    subject.purge().await?;
    progress("concurrency 100");
    let (queued, _) = enqueue_batches(&**subject, amounts.jobs, 10_000.0).await?;
    let hundred = drain(&**subject, 1, 100, queued, 8000.0).await?;
    subject.purge().await?;

    progress("hop, idle");
    let worker = WorkerProcess::start(subject.worker(10))?;
    until_it_works(&**subject).await?;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let idle_mb = worker.memory_now_mb()?;
    let idle = arrivals(subject, 1..amounts.hops + 1, Gap::Random(20.0..40.0), 20_000.0).await?;
    let most = ten.per_second.min(concurrent);
    progress("paced at 50 %");
    let hop_paced_50 = paced(subject, PACED.0, most * 0.5, amounts.paced_secs).await?;
    progress("paced at 80 %");
    let hop_paced_80 = paced(subject, PACED.1, most * 0.8, amounts.paced_secs).await?;
    if let Err(error) = worker.stop().await {
        // What it left shows in the figures.
        progress(&format!("under that load: {error}"));
    }
    subject.purge().await?;
    Ok(Figures {
        enqueue_single_per_s: single,
        enqueue_concurrent_per_s: concurrent,
        enqueue_batch_per_s: batch,
        jobs_per_s: [(1, one), (10, ten), (100, hundred)]
            .map(|(n, drained)| (n, drained.per_second))
            .into(),
        hop_idle_ms: idle.from_return,
        call_to_start_idle_ms: idle.from_call,
        safe_to_start_idle_ms: idle.from_safe,
        call_to_safe_idle_ms: idle.until_safe,
        hop_paced_50,
        hop_paced_80,
        worker_rss_mb_idle: idle_mb,
        worker_rss_mb_busy: hundred.memory_mb,
    })
}

async fn paced<S: Subject>(subject: &Arc<S>, numbers: Range<u32>, per_second: f64, secs: f64) -> anyhow::Result<Paced> {
    let figures = arrivals(subject, numbers, Gap::Even(1000.0 / per_second), secs * 1e3).await?;
    Ok(Paced::of(&figures, per_second))
}

/// A worker is ready once it has run a job.
async fn until_it_works<S: Subject>(subject: &S) -> anyhow::Result<()> {
    subject.single(0).await?;
    for _ in 0..3000 {
        if subject.left().await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("the worker did not run a job within 30 s")
}
