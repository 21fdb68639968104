//! `handle_results.lua` schedules every retry as many seconds later as the job had attempts, also when the job named a time itself.
use std::time::Duration;

use anyhow::Context;
use apalis::prelude::{BoxDynError, Data, RetryAfterError, TaskSink, WorkerBuilder};
use tokio::task::JoinSet;

use crate::finding::Finding;
use crate::scene::{Scene, Started, next_start, starts};

const ASKED: Duration = Duration::from_secs(60);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let (started, mut jobs) = starts();
    let mut tasks = JoinSet::new();
    let worker = WorkerBuilder::new("throttled")
        .backend(scene.polled(scene.config()).await?)
        .data(started)
        .build(throttled);
    tasks.spawn(worker.run());
    scene.storage().await?.push(1).await?;
    next_start(&mut jobs, Duration::from_secs(5))
        .await?
        .context("the job never started")?;
    let waited = next_start(&mut jobs, Duration::from_secs(10)).await?;
    Ok(Finding::new(
        waited.is_some(),
        match waited {
            Some((_, wait)) => format!("a job that asked to be retried after {ASKED:?} was retried after {wait:.1?}"),
            None => format!("a job that asked to be retried after {ASKED:?} was not within 10 s"),
        },
    ))
}

async fn throttled(job: u32, started: Data<Started>) -> Result<(), BoxDynError> {
    started.send(job)?;
    Err(RetryAfterError::new("the vendor asks for patience", ASKED).into())
}
