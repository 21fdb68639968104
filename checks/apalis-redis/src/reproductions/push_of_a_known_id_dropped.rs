//! A push of a task id that the server has seen before succeeds and does nothing, also long after the job of that id has ended.
use std::time::Duration;

use anyhow::{Context, ensure};
use apalis::prelude::{TaskBuilder, TaskId, TaskSink, WorkerBuilder};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::finding::Finding;
use crate::scene::{Scene, next_start, report, starts};

const LIMIT: Duration = Duration::from_secs(5);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let (started, mut jobs) = starts();
    let mut tasks = JoinSet::new();
    let worker = WorkerBuilder::new("once")
        .backend(scene.polled(scene.config()).await?)
        .data(started)
        .build(report);
    tasks.spawn(worker.run());
    let mut producer = scene.storage().await?;
    let id = TaskId::from_string("the-id");

    producer
        .push_task(TaskBuilder::new(1).task_id(id.clone()).build())
        .await?;
    next_start(&mut jobs, LIMIT)
        .await?
        .context("the first push did not run either")?;
    sleep(Duration::from_secs(1)).await;
    let mut membership = redis::cmd("SISMEMBER");
    membership.arg(scene.config().done_jobs_set()).arg("the-id");
    let done: bool = membership.query_async(&mut scene.connection().await?).await?;

    ensure!(done, "the first push is not done");
    let answer = producer.push_task(TaskBuilder::new(2).task_id(id).build()).await;
    let second = next_start(&mut jobs, LIMIT).await?.is_some();
    Ok(Finding::new(
        answer.is_ok() && !second,
        format!(
            "after the job of an id was done, a push of that id answered ok: {}, and ran within {LIMIT:?}: {second}",
            answer.is_ok()
        ),
    ))
}
