//! A push wakes nobody, and without a poll strategy a worker that found the queue empty looks again only at its next heartbeat.
use std::time::Duration;

use apalis::prelude::{TaskSink, WorkerBuilder};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::finding::Finding;
use crate::scene::{Scene, next_start, report, starts};

const IDLE: Duration = Duration::from_secs(4);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let (started, mut jobs) = starts();
    let mut tasks = JoinSet::new();
    let worker = WorkerBuilder::new("idle")
        .backend(scene.storage().await?)
        .data(started)
        .build(report);
    tasks.spawn(worker.run());
    sleep(IDLE).await;
    scene.storage().await?.push(1).await?;
    let hop = next_start(&mut jobs, Duration::from_secs(40)).await?;
    Ok(match hop {
        Some((_, hop)) => Finding::new(
            hop > Duration::from_secs(5),
            format!(
                "a job pushed {IDLE:?} after the start of a default worker started {hop:.1?} later (heartbeat: 30 s)"
            ),
        ),
        None => Finding::new(true, "a job pushed to a default worker did not start within 40 s"),
    })
}
