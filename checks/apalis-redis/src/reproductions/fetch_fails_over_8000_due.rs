//! `fetch_next.lua` moves every due job with one `unpack`, which Lua limits to 8,000 values: with more jobs due no worker can fetch
//! any, and as nothing is moved, no later worker can either.
use std::time::Duration;

use anyhow::ensure;
use apalis::prelude::{TaskSink, WorkerBuilder};
use apalis_redis::Config;
use futures::stream;
use tokio::time::timeout;

use crate::finding::Finding;
use crate::scene::{Scene, report, starts};

const WITHIN: u32 = 7_900;
const OVER: u32 = 8_100;

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let (within, over) = (scene.config_of("within"), scene.config_of("over"));
    push(scene, &within, WITHIN).await?;
    push(scene, &over, OVER).await?;
    let (control, of_control) = attempt(scene, &within, "control").await?;
    ensure!(control > 0, "of {WITHIN} jobs none started either: {of_control}");
    let (first, of_first) = attempt(scene, &over, "first").await?;
    let (second, _) = attempt(scene, &over, "second").await?;
    let mut count = redis::cmd("ZCARD");
    let left: u32 = count
        .arg(over.scheduled_jobs_set())
        .query_async(&mut scene.connection().await?)
        .await?;
    Ok(Finding::new(
        first == 0 && second == 0 && left == OVER && of_first.contains("too many results to unpack"),
        format!(
            "with {WITHIN} jobs due a worker started {control} in 5 s; with {OVER} due two workers started {first} and {second}, \
             and {left} are still due; the first ended with: {of_first}"
        ),
    ))
}

async fn push(scene: &Scene, config: &Config, jobs: u32) -> anyhow::Result<()> {
    let mut storage = scene.storage().await?.with_config(config.clone());
    for first in (0..jobs).step_by(100) {
        storage.push_stream(stream::iter(first..first + 100)).await?;
    }
    Ok(())
}

/// Lets a worker try for at most 5 s: how many jobs it started, and what it ended with.
async fn attempt(scene: &Scene, config: &Config, worker: &str) -> anyhow::Result<(usize, String)> {
    let (started, jobs) = starts();
    let storage = scene.polled(config.clone()).await?;
    let worker = WorkerBuilder::new(worker).backend(storage).data(started).build(report);
    let end = match timeout(Duration::from_secs(5), worker.run()).await {
        Ok(Ok(())) => "no error".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no end within 5 s".to_owned(),
    };
    Ok((jobs.len(), end))
}
