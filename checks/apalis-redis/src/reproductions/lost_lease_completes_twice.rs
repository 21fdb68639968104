//! A worker whose heartbeats stop loses its jobs to another, and does not hear of it before it has completed them too: there is no
//! token that a handler could write its result under.
use std::time::Duration;

use apalis::prelude::{Data, TaskSink, WorkerBuilder};
use apalis_redis::Config;
use tokio::runtime::Builder;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::finding::Finding;
use crate::scene::{Scene, Started, next_start, report, starts};

const STALL: Duration = Duration::from_secs(8);
/// What the stalled worker reports in the place of the job's number, which is 1.
const STALLED: u32 = 2;

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let config = scene
        .config()
        .heartbeat_interval(Duration::from_secs(1))
        .missed_heartbeats(2);
    let (completed, mut completions) = starts();
    scene.storage().await?.push(1).await?;
    let (of_stalled, stalled_config, reports) = (scene.clone(), config.clone(), completed.clone());
    // A runtime of its own, as in a process of its own: what stalls is this worker, and nothing of the other one.
    let stalled = spawn_blocking(move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(run_stalled(of_stalled, stalled_config, reports))
    });
    sleep(Duration::from_secs(2)).await;
    let mut healthy = JoinSet::new();
    let worker = WorkerBuilder::new("healthy").backend(scene.polled(config).await?);
    healthy.spawn(worker.data(completed).build(report).run());

    let mut by = Vec::new();
    while let Some((worker, _)) = next_start(&mut completions, STALL).await? {
        by.push(if worker == STALLED { "stalled" } else { "healthy" });
    }
    let end = stalled.await??;
    Ok(Finding::new(
        by.contains(&"stalled") && by.contains(&"healthy"),
        format!(
            "a job whose worker stalled for {STALL:?}, with a lease of 2 s, was completed by {by:?}; the stalled one ended with: {end}"
        ),
    ))
}

/// Runs the worker that stalls, for twice as long as it does: what it ended with.
async fn run_stalled(scene: Scene, config: Config, completed: Started) -> anyhow::Result<String> {
    let worker = WorkerBuilder::new("stalled")
        .backend(scene.polled(config).await?)
        .data(completed)
        .build(stall);
    Ok(match timeout(2 * STALL, worker.run()).await {
        Ok(Ok(())) => "no error".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "nothing, it still ran".to_owned(),
    })
}

/// Stops the whole worker, as a SIGSTOP or a computation would: apalis drives a worker's jobs and its heartbeats from one task.
async fn stall(_job: u32, completed: Data<Started>) {
    std::thread::sleep(STALL);
    let _ = completed.send(STALLED);
}
