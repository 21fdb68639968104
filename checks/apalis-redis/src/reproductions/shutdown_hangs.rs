//! A stopping worker no longer reads the channel that its jobs report their ends to, which holds four batches: with more jobs in
//! flight the rest of them wait for room, and the worker waits for them.
use std::time::Duration;

use anyhow::ensure;
use apalis::prelude::{Data, TaskSink, WorkerBuilder, WorkerError};
use futures::stream;
use tokio::time::{sleep, timeout};

use crate::finding::Finding;
use crate::scene::{Scene, Started, starts};

const LIMIT: Duration = Duration::from_secs(15);
const JOBS: u32 = 20;

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let large = stops_with_jobs_in_flight(scene, 5).await?;
    ensure!(
        large,
        "with room for the ends of all jobs it did not stop within {LIMIT:?} either"
    );
    let small = stops_with_jobs_in_flight(scene, 1).await?;
    Ok(Finding::new(
        !small,
        format!(
            "{JOBS} jobs of 3 s in flight; in batches of 5 it stopped within {LIMIT:?}: {large}; in batches of 1: {small}"
        ),
    ))
}

/// Stops a worker while its jobs run: whether it ended in time.
async fn stops_with_jobs_in_flight(scene: &Scene, batch_size: usize) -> anyhow::Result<bool> {
    let config = scene.config_of(&format!("of-{batch_size}")).batch_size(batch_size);
    let mut producer = scene.storage().await?.with_config(config.clone());
    producer.push_stream(stream::iter(0..JOBS)).await?;
    let (started, in_flight) = starts();
    let worker = WorkerBuilder::new("stopping")
        .backend(scene.polled(config).await?)
        .data(started)
        .build(take_three_seconds);
    let signal = async {
        sleep(Duration::from_secs(2)).await;
        Ok::<(), WorkerError>(())
    };
    let ended = timeout(LIMIT, worker.run_until(signal)).await.is_ok();
    let in_flight = in_flight.len();
    ensure!(in_flight == JOBS as usize, "{in_flight} jobs were in flight");
    Ok(ended)
}

async fn take_three_seconds(job: u32, started: Data<Started>) {
    let _ = started.send(job);
    sleep(Duration::from_secs(3)).await;
}
