//! Dispatch through apalis-redis, where `dispatch.backend` says so: another way for ids to reach this process.
//!
//! Postgres claims, fences, retries and schedules as ever, and our own index still decides whose turn it is: the feeder moves ids from it into a window
//! that apalis-redis gives out. apalis is told of success always. Slower than our own backend, and limits may be exceeded, for an
//! id in the window counts as running before it does: see `docs/decisions/001-own-dispatch-backend.md`.
mod feed;
mod worker;

use crate::pull::Pull;
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use config::{ExposeSecret, RedisSettings};
use jobs::{Dispatch, Pool, Popped};
use redis::aio::ConnectionManagerConfig;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use store::{JobId, TenantId};

/// How long to wait after apalis-redis failed.
const BACK_OFF: Duration = Duration::from_millis(200);

/// apalis-redis holds one connection, whose every error ends a worker: a slow answer is better than none.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Takes jobs until told to stop.
pub(crate) async fn run(pull: Pull) {
    let pull = Arc::new(pull);
    tokio::join!(feed::run(&pull), worker::run(&pull));
}

/// What apalis-redis carries: an id, and what belongs to it in our own index.
#[derive(Debug, Serialize, Deserialize)]
struct Fed {
    id: JobId,
    tenant: TenantId,
    priority: i16,
    kind: String,
    held: bool,
}

impl Fed {
    fn of(popped: Popped) -> Self {
        let Popped { job, held } = popped;
        Self {
            id: job.id,
            tenant: job.tenant,
            priority: job.priority,
            kind: job.kind,
            held,
        }
    }

    fn popped(self, pool: Pool) -> Popped {
        Popped {
            job: Dispatch {
                id: self.id,
                tenant: self.tenant,
                pool,
                priority: self.priority,
                kind: self.kind,
            },
            held: self.held,
        }
    }
}

async fn connect(settings: &RedisSettings) -> Result<ConnectionManager, Box<dyn std::error::Error + Send + Sync>> {
    let url = settings.url.as_ref().ok_or("redis.url is not set")?;
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_connection_timeout(Some(RESPONSE_TIMEOUT))
        .set_number_of_retries(1);
    Ok(redis::Client::open(url.expose_secret())?
        .get_connection_manager_with_config(config)
        .await?)
}

/// Nothing is kept of a job that was handed over, and nothing is fetched before it can be.
fn storage(connection: ConnectionManager, settings: &RedisSettings, pool: Pool) -> RedisStorage<Fed> {
    let config = Config::default()
        .queue(format!("{}:{pool}:apalis", settings.prefix))
        .batch_size(1)
        .persist_results(false)
        .lock_tasks(false)
        .emit_events(false);
    RedisStorage::new(connection).with_config(config)
}
