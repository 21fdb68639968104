//! The factory's workers wait for a pub/sub message that a push never sends: `push_tasks` gives each job a time (now, when it has
//! none), so that `batch_push.lua` always takes its branch for scheduled jobs, and only the other branch publishes.
use std::time::Duration;

use apalis::prelude::{BackendFactory, TaskSink, WorkerBuilder};
use apalis_redis::factory::RedisStorageFactory;
use redis::{Client, ProtocolVersion};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::finding::Finding;
use crate::scene::{Scene, next_start, report, starts};

const LIMIT: Duration = Duration::from_secs(10);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    // With the older protocol the factory refuses to start at all.
    let server = scene.client().get_connection_info().clone();
    let settings = server.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let mut factory = RedisStorageFactory::new(Client::open(server.set_redis_settings(settings))?).await?;
    let backend = BackendFactory::<u32>::create_with_config(&mut factory, scene.config())?;
    let (started, mut jobs) = starts();
    let mut tasks = JoinSet::new();
    tasks.spawn(
        WorkerBuilder::new("subscribed")
            .backend(backend)
            .data(started)
            .build(report)
            .run(),
    );
    sleep(Duration::from_secs(1)).await;
    scene.storage().await?.push(1).await?;
    if let Some((_, hop)) = next_start(&mut jobs, LIMIT).await? {
        return Ok(Finding::new(false, format!("a pushed job started after {hop:.1?}")));
    }
    // The subscription itself works: a message by hand wakes the worker.
    let mut ring = redis::cmd("PUBLISH");
    ring.arg(format!("tasks:{}:available", scene.config().active_jobs_list()))
        .arg("by hand");
    ring.query_async::<()>(&mut scene.connection().await?).await?;
    let by_hand = next_start(&mut jobs, LIMIT).await?;
    Ok(Finding::new(
        by_hand.is_some(),
        match by_hand {
            Some((_, hop)) => {
                format!("a pushed job did not start within {LIMIT:?}; after a PUBLISH by hand it did in {hop:.1?}")
            }
            None => {
                format!("a pushed job did not start within {LIMIT:?}, nor within {LIMIT:?} after a PUBLISH by hand")
            }
        },
    ))
}
