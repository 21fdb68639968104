//! A push does not store the priority of a job: jobs of one second run in the order of their ids.
use std::time::Duration;

use anyhow::ensure;
use apalis::prelude::{TaskBuilder, TaskId, TaskSink, WorkerBuilder};
use tokio::task::JoinSet;

use crate::finding::Finding;
use crate::scene::{Scene, next_start, report, starts};

const ORDINARY: u32 = 5;
const URGENT: u32 = 100;

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let mut storage = scene.storage().await?;
    for job in 0..ORDINARY {
        let id = TaskId::from_string(format!("a-{job}"));
        storage
            .push_task(TaskBuilder::new(job).task_id(id).priority(0).build())
            .await?;
    }
    let id = TaskId::from_string("b-urgent");
    storage
        .push_task(TaskBuilder::new(URGENT).task_id(id).priority(100).build())
        .await?;

    let (started, mut jobs) = starts();
    let mut tasks = JoinSet::new();
    let storage = scene.polled(scene.config().batch_size(1)).await?;
    tasks.spawn(
        WorkerBuilder::new("one-at-a-time")
            .backend(storage)
            .data(started)
            .build(report)
            .run(),
    );
    let mut order = Vec::new();
    while let Some((job, _)) = next_start(&mut jobs, Duration::from_secs(3)).await? {
        order.push(job);
    }
    ensure!(order.len() == 6, "only these ran: {order:?}");
    Ok(Finding::new(
        order.last() == Some(&URGENT),
        format!(
            "jobs 0 to 4 of priority 0 and job {URGENT} of priority 100 were waiting; they ran in the order {order:?}"
        ),
    ))
}
