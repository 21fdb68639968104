//! A name stays registered after its worker has ended, even by a clean stop (`poll_close` removes the name of the inflight set from
//! the set of workers, where it never was), and a name that was seen within the last heartbeat interval cannot register.
use std::time::{Duration, Instant};

use apalis::prelude::{WorkerBuilder, WorkerError};
use tokio::time::{sleep, timeout};

use crate::finding::Finding;
use crate::scene::{Scene, report, starts};

const LIMIT: Duration = Duration::from_secs(45);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let clean = live_for_a_second(scene).await?;
    if let Err(error) = clean {
        return Ok(Finding::new(
            false,
            format!("the first worker did not stop cleanly: {error}"),
        ));
    }
    let stopped = Instant::now();
    let mut refusal = None;
    while stopped.elapsed() < LIMIT {
        match live_for_a_second(scene).await? {
            Ok(()) => break,
            Err(error) => refusal = Some(error.to_string()),
        }
        sleep(Duration::from_secs(1)).await;
    }
    let waited = stopped.elapsed();
    Ok(match refusal {
        Some(error) => Finding::new(
            true,
            format!("after a clean stop the same name was refused for about {waited:.0?}, with: {error}"),
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
