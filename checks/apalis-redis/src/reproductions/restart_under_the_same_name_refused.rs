//! A name stays registered after its worker has ended, even by a clean stop (`poll_close` removes the name of the inflight set from
//! the set of workers, where it never was), and a name that was seen within the last heartbeat interval cannot register.
use std::time::{Duration, Instant};

use anyhow::Context;
use apalis::prelude::{WorkerBuilder, WorkerError};
use tokio::time::{sleep, timeout};

use crate::finding::Finding;
use crate::scene::{Scene, report, starts};

const LIMIT: Duration = Duration::from_secs(45);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    live_for_a_second(scene)
        .await?
        .context("the first worker did not stop cleanly")?;
    let stopped = Instant::now();
    let mut refused: Option<(Duration, String)> = None;
    while stopped.elapsed() < LIMIT {
        match live_for_a_second(scene).await? {
            Ok(()) => break,
            Err(error) => refused = Some((stopped.elapsed(), error.to_string())),
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(match refused {
        Some((last, error)) => Finding::new(
            true,
            format!("after a clean stop the same name was refused, for the last time {last:.0?} later: {error}"),
        ),
        None => Finding::new(false, "after a clean stop the same name registered at once"),
    })
}

/// Starts a worker and stops it cleanly after a second: what it ended with.
async fn live_for_a_second(scene: &Scene) -> anyhow::Result<Result<(), WorkerError>> {
    let (started, _jobs) = starts();
    let worker = WorkerBuilder::new("of-one-name")
        .backend(scene.polled(scene.config()).await?)
        .data(started)
        .build(report);
    let signal = async {
        sleep(Duration::from_secs(1)).await;
        Ok::<(), WorkerError>(())
    };
    Ok(timeout(Duration::from_secs(10), worker.run_until(signal)).await?)
}
