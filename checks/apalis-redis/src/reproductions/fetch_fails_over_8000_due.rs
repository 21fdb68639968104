//! `fetch_next.lua` moves every due job with one `unpack`, which Lua limits to 8,000 values: with more jobs due no worker can fetch
//! any, and as nothing is moved, no later worker can either.
use std::time::Duration;

use apalis::prelude::{TaskSink, WorkerBuilder};
use futures::stream;
use tokio::time::timeout;

use crate::finding::Finding;
use crate::scene::{Scene, report, starts};

const DUE: u32 = 8_100;

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let mut storage = scene.storage().await?;
    for first in (0..DUE).step_by(900) {
        storage.push_stream(stream::iter(first..first + 900)).await?;
    }
    let (first, of_first) = attempt(scene, "first").await?;
    let (second, of_second) = attempt(scene, "second").await?;
    let mut count = redis::cmd("ZCARD");
    let left: u32 = count
        .arg(scene.config().scheduled_jobs_set())
        .query_async(&mut scene.connection().await?)
        .await?;
    let reproduced = first == 0 && second == 0 && left == DUE && of_first.contains("too many results to unpack");
    Ok(Finding::new(
        reproduced,
        format!(
            "{DUE} jobs due; two workers started {first} and {second} of them, {left} are left; they ended with: {of_first} / {of_second}"
        ),
    ))
}

/// Lets a worker try for at most 5 s: how many jobs it started, and what it ended with.
async fn attempt(scene: &Scene, worker: &str) -> anyhow::Result<(usize, String)> {
    let (started, jobs) = starts();
    let storage = scene.polled(scene.config()).await?;
    let worker = WorkerBuilder::new(worker).backend(storage).data(started).build(report);
    let end = match timeout(Duration::from_secs(5), worker.run()).await {
        Ok(Ok(())) => "no error".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no end within 5 s".to_owned(),
    };
    Ok((jobs.len(), end))
}
