//! `PollWith` takes a signal from its strategy at every poll and forgets it. One that comes while a fetch is under way is therefore
//! spent on a fetch that had read the queue before the job was in it. Late replies widen that moment to 150 ms; on a fast network it
//! is what two pushes within a millisecond hit now and then.
use std::time::Duration;

use apalis::prelude::{BackendExt, TaskSink, WorkerBuilder};
use apalis_redis::RedisStorage;
use futures::channel::mpsc::unbounded;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::finding::Finding;
use crate::late_replies::LateReplies;
use crate::scene::{Scene, next_start, report, starts};

const LIMIT: Duration = Duration::from_secs(8);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let slow = LateReplies {
        connection: scene.connection().await?,
        delay: Duration::from_millis(150),
    };
    let (doorbell, rings) = unbounded::<()>();
    let storage = RedisStorage::<u32, LateReplies>::new(slow)
        .with_config(scene.config())
        .poll_with_stream(rings);
    let (started, mut jobs) = starts();
    let mut tasks = JoinSet::new();
    tasks.spawn(
        WorkerBuilder::new("rung")
            .backend(storage)
            .data(started)
            .build(report)
            .run(),
    );
    let mut producer = scene.storage().await?;

    sleep(Duration::from_secs(2)).await;
    producer.push(1).await?;
    doorbell.unbounded_send(())?;
    let idle = next_start(&mut jobs, LIMIT).await?;
    sleep(Duration::from_secs(2)).await;

    // A ring for a job that another worker was faster to take, then, while the fetch of this one is under way, a job and its ring.
    doorbell.unbounded_send(())?;
    sleep(Duration::from_millis(75)).await;
    producer.push(2).await?;
    doorbell.unbounded_send(())?;
    let during_fetch = next_start(&mut jobs, LIMIT).await?;
    doorbell.unbounded_send(())?;
    let rung_again = next_start(&mut jobs, LIMIT).await?;
    let words = |start: Option<(u32, Duration)>| {
        start.map_or_else(
            || format!("did not start within {LIMIT:?}"),
            |(_, hop)| format!("started after {hop:.1?}"),
        )
    };
    Ok(Finding::new(
        idle.is_some() && during_fetch.is_none() && rung_again.is_some(),
        format!(
            "rung while idle, a job {}; rung during a fetch, it {}; rung once more, it {}",
            words(idle),
            words(during_fetch),
            words(rung_again)
        ),
    ))
}
