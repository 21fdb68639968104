//! `handle_results.lua` schedules a failed job again while it was tried fewer than 25 times, whatever its `max_attempts` says.
use std::time::Duration;

use anyhow::ensure;
use apalis::prelude::{BoxDynError, Data, TaskBuilder, TaskSink, WorkerBuilder};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::finding::Finding;
use crate::scene::{Scene, Started, starts};

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let (started, jobs) = starts();
    let mut tasks = JoinSet::new();
    let worker = WorkerBuilder::new("failing")
        .backend(scene.polled(scene.config()).await?)
        .data(started)
        .build(fail);
    tasks.spawn(worker.run());
    scene
        .storage()
        .await?
        .push_task(TaskBuilder::new(1).max_attempts(1).build())
        .await?;
    sleep(Duration::from_secs(8)).await;
    let attempts = jobs.len();
    ensure!(attempts > 0, "the job never started");
    Ok(Finding::new(
        attempts > 1,
        format!("a failing job with max_attempts 1 was attempted {attempts} times within 8 s"),
    ))
}

async fn fail(job: u32, started: Data<Started>) -> Result<(), BoxDynError> {
    started.send(job)?;
    Err("it fails each time".into())
}
