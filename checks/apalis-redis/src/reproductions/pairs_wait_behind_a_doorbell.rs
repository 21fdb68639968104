//! What the lost wake-up costs on a fast network: pairs of pushes 0–900 µs apart, each rung for, with a poll each second beside the
//! doorbell. A statistic, unlike the other reproductions: some seconds' worth of pairs is enough to meet the race many times.
use std::time::{Duration, Instant};

use anyhow::Context;
use apalis::prelude::{BackendExt, Strategy, TaskSink, WorkerBuilder};
use futures::channel::mpsc::unbounded;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::finding::Finding;
use crate::scene::{Scene, next_start, report, starts};

const PAIRS: u32 = 600;
/// Far above what a push and a fetch take, far below the second after which the poll finds the job.
const LATE: Duration = Duration::from_millis(100);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let (doorbell, rings) = unbounded::<()>();
    let strategy = Strategy::new().stream(rings).interval(Duration::from_secs(1));
    let storage = scene.storage().await?.poll_with_strategy(strategy);
    let (started, mut jobs) = starts();
    let mut tasks = JoinSet::new();
    tasks.spawn(
        WorkerBuilder::new("rung-twice")
            .backend(storage)
            .data(started)
            .build(report)
            .run(),
    );
    let (mut producer, mut other_producer) = (scene.storage().await?, scene.storage().await?);
    sleep(Duration::from_millis(500)).await;

    let mut hops = Vec::new();
    for pair in 0..PAIRS {
        let begin = Instant::now();
        let gap = Duration::from_micros(u64::from(pair) * 900 / u64::from(PAIRS));
        let first = async {
            producer.push(2 * pair).await?;
            doorbell.unbounded_send(())?;
            anyhow::Ok(())
        };
        let second = async {
            // Timers are too coarse for microseconds.
            while begin.elapsed() < gap {
                tokio::task::yield_now().await;
            }
            other_producer.push(2 * pair + 1).await?;
            doorbell.unbounded_send(())?;
            anyhow::Ok(Instant::now())
        };
        let (_, pushed) = tokio::try_join!(first, second)?;
        for _ in 0..2 {
            let (job, _) = next_start(&mut jobs, Duration::from_secs(40))
                .await?
                .context("a job never started")?;
            if job % 2 == 1 {
                hops.push(pushed.elapsed());
            }
        }
        sleep(Duration::from_millis(5)).await;
    }
    hops.sort();
    let late = hops.iter().filter(|hop| **hop > LATE).count();
    let p50 = hops.get(hops.len() / 2).context("no hops")?;
    let p99 = hops.get(hops.len() * 99 / 100).context("no hops")?;
    Ok(Finding::new(
        late > 0,
        format!(
            "the second of {PAIRS} pairs started after {p50:.1?} at p50 and {p99:.1?} at p99; {late} waited over {LATE:?}"
        ),
    ))
}
