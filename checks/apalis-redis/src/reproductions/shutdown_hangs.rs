//! A stopping worker no longer reads the channel that its jobs report their ends to, which holds four batches: with more jobs in
//! flight the rest of them wait for room, and the worker waits for them.
use std::time::Duration;

use apalis::prelude::{Data, TaskSink, WorkerBuilder, WorkerError};
use futures::stream;
use tokio::time::{sleep, timeout};

use crate::finding::Finding;
use crate::scene::{Scene, Started, starts};

const LIMIT: Duration = Duration::from_secs(15);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let few = stop_with_in_flight(scene, "few", 3).await?;
    let many = stop_with_in_flight(scene, "many", 20).await?;
    let words = |(in_flight, ended): (usize, bool)| {
        format!(
            "with {in_flight} jobs of 3 s in flight it {} within {LIMIT:?}",
            if ended { "stopped" } else { "did not stop" }
        )
    };
    Ok(Finding::new(
        few.1 && many.0 > 4 && !many.1,
        format!("batches of 1: {}, {}", words(few), words(many)),
    ))
}

/// Stops a worker while its jobs run: how many those were, and whether it ended in time.
async fn stop_with_in_flight(scene: &Scene, name: &str, jobs: u32) -> anyhow::Result<(usize, bool)> {
    let config = scene
        .config()
        .queue(format!("{}-{name}", scene.config().queue.as_ref() as &str))
        .batch_size(1);
    let mut producer = scene.storage().await?.with_config(config.clone());
    producer.push_stream(stream::iter(0..jobs)).await?;
    let (started, in_flight) = starts();
    let worker = WorkerBuilder::new(name)
        .backend(scene.polled(config).await?)
        .data(started)
        .build(take_three_seconds);
    let signal = async {
        sleep(Duration::from_secs(2)).await;
        Ok::<(), WorkerError>(())
    };
    let ended = timeout(LIMIT, worker.run_until(signal)).await.is_ok();
    Ok((in_flight.len(), ended))
}

async fn take_three_seconds(job: u32, started: Data<Started>) {
    let _ = started.send(job);
    sleep(Duration::from_secs(3)).await;
}
