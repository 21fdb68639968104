//! Every error of a fetch, an acknowledgement or a heartbeat ends the worker, also one that the connection recovers from by itself.
use std::time::Duration;

use anyhow::ensure;
use apalis::prelude::{BackendExt, TaskSink, WorkerBuilder};
use apalis_redis::RedisStorage;
use redis::Client;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::finding::Finding;
use crate::scene::{Scene, next_start, report, starts};

const LIMIT: Duration = Duration::from_secs(10);

pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Finding> {
    let mut connection = scene.connection().await?;
    let id: u64 = redis::cmd("CLIENT").arg("ID").query_async(&mut connection).await?;
    let storage = RedisStorage::new(connection.clone()).with_config(scene.config());
    let (started, mut jobs) = starts();
    let mut tasks = JoinSet::new();
    let worker = WorkerBuilder::new("cut").backend(storage.poll_with_interval(Duration::from_millis(200)));
    tasks.spawn(worker.data(started).build(report).run());
    scene.storage().await?.push(1).await?;
    ensure!(
        next_start(&mut jobs, LIMIT).await?.is_some(),
        "the worker ran no job before the cut either"
    );

    cut(scene.client(), id).await?;
    let end = match timeout(LIMIT, tasks.join_next()).await {
        Ok(Some(Ok(Err(error)))) => error.to_string(),
        Ok(other) => format!("{other:?}"),
        Err(_) => {
            return Ok(Finding::new(
                false,
                format!("the worker was still running {LIMIT:?} after its connection was cut"),
            ));
        }
    };
    sleep(Duration::from_secs(1)).await;
    let recovered = redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok();
    Ok(Finding::new(
        recovered,
        format!(
            "a worker whose connection was cut once ended with: {end}; the same connection answered again 1 s later: {recovered}"
        ),
    ))
}

async fn cut(client: Client, id: u64) -> anyhow::Result<()> {
    let mut connection = client.get_connection_manager().await?;
    Ok(redis::cmd("CLIENT")
        .arg("KILL")
        .arg("ID")
        .arg(id)
        .query_async(&mut connection)
        .await?)
}
