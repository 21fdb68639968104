//! Dispatch through apalis-redis, where `dispatch.backend` says so: another way for ids to reach this process.
//!
//! Postgres claims, fences, retries and schedules as ever, and our own index still decides whose turn it is: the feeder moves ids from it into a window,
//! no more of them than there are free slots, and apalis-redis gives them out. It is told of success always, as soon as an id is here. Slower
//! than our own backend: see `docs/decisions/001-own-dispatch-backend.md`.
mod claim;
mod feed;
mod take;
mod worker;

use crate::pull::{BACK_OFF, Pull};
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use config::{ExposeSecret, RedisSettings};
use jobs::{Pool, Popped};
use redis::aio::ConnectionManagerConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify, mpsc};

/// apalis-redis holds one connection, whose every error ends a worker: a slow answer is better than none.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What the feeder, the worker of apalis-redis and the claiming share.
struct Shared {
    pull: Pull,
    /// An id has left the window.
    room: Notify,
    /// Held while no ids are to be fed or fetched, because Postgres does not answer.
    closed: Mutex<()>,
}

impl Shared {
    /// Resolves when a job would find a slot here, and Postgres.
    async fn open(self: Arc<Self>) {
        self.pull.slots.any().await;
        drop(self.closed.lock().await);
    }
}

/// Takes jobs until told to stop.
pub(crate) async fn run(pull: Pull) {
    let (room, closed) = (Notify::new(), Mutex::default());
    let shared = Arc::new(Shared { pull, room, closed });
    let (taken, to_claim) = mpsc::unbounded_channel();
    let feed = again_and_again(&shared.pull, || feed::feed(&shared));
    let work = async {
        let taken = taken;
        again_and_again(&shared.pull, || worker::work(&shared, taken.clone())).await;
    };
    tokio::join!(feed, work, claim::run(&shared, to_claim));
}

/// Any error of Redis ends a worker of apalis-redis, and the feeder with it: the next connects anew.
async fn again_and_again<F: Future<Output = Result<(), Error>>>(pull: &Pull, go: impl Fn() -> F) {
    while !pull.stop.is_cancelled() {
        if let Err(error) = go().await {
            tracing::warn!(pool = %pull.pool, error = &*error as &dyn std::error::Error, "apalis-redis failed; starting again");
            tokio::time::sleep(BACK_OFF).await;
        }
    }
}

async fn connect(settings: &RedisSettings) -> Result<ConnectionManager, Error> {
    let url = settings.url.as_ref().ok_or("redis.url is not set")?;
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_connection_timeout(Some(RESPONSE_TIMEOUT))
        .set_number_of_retries(1);
    let client = redis::Client::open(url.expose_secret())?;
    Ok(client.get_connection_manager_with_config(config).await?)
}

/// One id is fetched at a time, when it can be handed over. Without results nothing would be acknowledged, and kept for ever.
fn storage(connection: ConnectionManager, settings: &RedisSettings, pool: Pool) -> RedisStorage<Popped> {
    let config = Config::default()
        .queue(format!("{}:{pool}:apalis", settings.prefix))
        .batch_size(1)
        .persist_results(true)
        .lock_tasks(false)
        .emit_events(false);
    RedisStorage::new(connection).with_config(config)
}
