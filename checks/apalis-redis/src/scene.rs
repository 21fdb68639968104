use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use apalis::prelude::{BackendExt, Data, IntervalStrategy, PollWith};
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use redis::Client;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// Where a handler says which job it has started.
pub(crate) type Started = UnboundedSender<u32>;

/// A storage that is polled by the clock, which is how a worker is made to see new jobs at all.
pub(crate) type Polled = PollWith<RedisStorage<u32>, IntervalStrategy>;

/// The list that apalis-redis keeps of all queues.
const QUEUES: &str = "core:apalis:queues:list";

/// A queue of its own on the server under test. It has no colon in its name: the factory's parser would trip over one.
#[derive(Clone)]
pub(crate) struct Scene {
    client: Client,
    queue: String,
}

impl Scene {
    pub(crate) async fn open(redis_url: &str, name: &str) -> anyhow::Result<Self> {
        let client = Client::open(redis_url)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
        let scene = Self {
            client,
            queue: format!("apalis-check-{name}-{now}"),
        };
        redis::cmd("PING")
            .query_async::<()>(&mut scene.connection().await?)
            .await?;
        Ok(scene)
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// A connection of its own, so that what happens to one of them happens to no other.
    pub(crate) async fn connection(&self) -> anyhow::Result<ConnectionManager> {
        Ok(self.client.get_connection_manager().await?)
    }

    /// The defaults of apalis-redis, on the queue of this scene.
    pub(crate) fn config(&self) -> Config {
        Config::default().queue(&self.queue)
    }

    /// The same on a second queue, for a control beside the reproduction.
    pub(crate) fn config_of(&self, part: &str) -> Config {
        self.config().queue(format!("{}-{part}", self.queue))
    }

    pub(crate) async fn storage(&self) -> anyhow::Result<RedisStorage<u32>> {
        Ok(RedisStorage::new(self.connection().await?).with_config(self.config()))
    }

    /// A storage with `config` that looks for jobs five times a second.
    pub(crate) async fn polled(&self, config: Config) -> anyhow::Result<Polled> {
        let storage = RedisStorage::new(self.connection().await?).with_config(config);
        Ok(storage.poll_with_interval(Duration::from_millis(200)))
    }

    /// Removes every key of the queue, and the queue from the list of queues.
    pub(crate) async fn clear(self) -> anyhow::Result<()> {
        let mut connection = self.connection().await?;
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(format!("{}*", self.queue))
                .arg("COUNT")
                .arg(1_000);
            let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await?;
            if !keys.is_empty() {
                redis::cmd("UNLINK")
                    .arg(keys)
                    .query_async::<()>(&mut connection)
                    .await?;
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        let mut queues = redis::cmd("ZRANGE");
        let queues: Vec<String> = queues.arg(QUEUES).arg(0).arg(-1).query_async(&mut connection).await?;
        for queue in queues.iter().filter(|queue| queue.starts_with(&self.queue)) {
            redis::cmd("ZREM")
                .arg(QUEUES)
                .arg(queue)
                .query_async::<()>(&mut connection)
                .await?;
        }
        Ok(())
    }
}

/// Where handlers report to, and where their reports are read.
pub(crate) fn starts() -> (Started, UnboundedReceiver<u32>) {
    unbounded_channel()
}

/// The handler of most reproductions: it only says that it has started.
pub(crate) async fn report(job: u32, started: Data<Started>) {
    let _ = started.send(job);
}

/// Waits for the next job to start: how long that took, or `None` when none started within `limit`.
pub(crate) async fn next_start(
    started: &mut UnboundedReceiver<u32>,
    limit: Duration,
) -> anyhow::Result<Option<(u32, Duration)>> {
    let begin = Instant::now();
    match timeout(limit, started.recv()).await {
        Ok(job) => Ok(Some((job.context("the worker has ended")?, begin.elapsed()))),
        Err(_) => Ok(None),
    }
}
