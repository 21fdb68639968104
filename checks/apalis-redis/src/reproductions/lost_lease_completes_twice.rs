//! A worker whose heartbeats stop loses its jobs to another, and does not hear of it before it has completed them too: there is no
//! token that a handler could write its result under.
use std::time::Duration;

use apalis::prelude::{Data, TaskSink, WorkerBuilder};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::finding::Finding;
use crate::scene::{Scene, Started, next_start, report, starts};

const STALL: Duration = Duration::from_secs(8);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let config = scene
        .config()
        .heartbeat_interval(Duration::from_secs(1))
        .missed_heartbeats(2);
    let (completed, mut completions) = starts();
    let (mut stalled, mut healthy) = (JoinSet::new(), JoinSet::new());
    let worker = WorkerBuilder::new("stalled").backend(scene.polled(config.clone()).await?);
    stalled.spawn(worker.data(completed.clone()).build(stall).run());
    scene.storage().await?.push(1).await?;
    sleep(Duration::from_secs(2)).await;
    let worker = WorkerBuilder::new("healthy").backend(scene.polled(config).await?);
    healthy.spawn(worker.data(completed).build(report).run());

    let by_healthy = next_start(&mut completions, STALL).await?;
    let by_stalled = next_start(&mut completions, STALL).await?;
    let end = match timeout(Duration::from_secs(5), stalled.join_next()).await {
        Ok(Some(Ok(Err(error)))) => error.to_string(),
        _ => "nothing".to_owned(),
    };
    let times = usize::from(by_healthy.is_some()) + usize::from(by_stalled.is_some());
    Ok(Finding::new(
        times == 2,
        format!(
            "a job whose worker stalled for {STALL:?}, with a lease of 2 s, was completed {times} times; the stalled worker was told: {end}"
        ),
    ))
}

/// Stops the whole worker, as a SIGSTOP or a computation would: apalis drives a worker's jobs and its heartbeats from one task.
async fn stall(job: u32, completed: Data<Started>) {
    std::thread::sleep(STALL);
    let _ = completed.send(job);
}
