use super::{BACK_OFF, Fed, connect, storage};
use crate::pull::Pull;
use apalis::prelude::TaskSink;
use apalis_core::backend::Vacuum;
use apalis_redis::{ConnectionManager, RedisStorage};
use redis::AsyncCommands;
use std::time::{Duration, Instant};

/// Ids that wait in apalis-redis at most. Its fetch script fails for good when some 8,000 do, and what is in the window waits its turn no more.
const WINDOW: usize = 1000;

const BATCH: usize = 100;

/// What apalis-redis keeps of jobs that have ended is removed this often.
const VACUUM_EVERY: Duration = Duration::from_secs(60);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Keeps the window filled until told to stop.
pub(super) async fn run(pull: &Pull) {
    let (bell, _subscription) = pull.context.queue.doorbell(pull.pool);
    let poll_interval = Duration::from_millis(pull.options.dispatch.poll_interval_ms);
    let mut feeder = None;
    while !pull.stop.is_cancelled() {
        match feed(pull, &mut feeder).await {
            Ok(true) => continue,
            Ok(false) => tokio::select! {
                () = bell.notified() => {}
                () = tokio::time::sleep(poll_interval) => {}
                () = pull.stop.cancelled() => {}
            },
            Err(error) => {
                tracing::warn!(pool = %pull.pool, error = &*error as &dyn std::error::Error, "cannot feed apalis-redis; trying again");
                feeder = None;
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

struct Feeder {
    storage: RedisStorage<Fed>,
    connection: ConnectionManager,
    vacuumed: Instant,
}

/// Returns whether there may be more to feed, and room for it.
async fn feed(pull: &Pull, feeder: &mut Option<Feeder>) -> Result<bool, Error> {
    let settings = &pull.context.settings.redis;
    let feeder = match feeder {
        Some(feeder) => feeder,
        None => {
            let connection = connect(settings).await?;
            feeder.insert(Feeder {
                storage: storage(connection.clone(), settings, pull.pool),
                connection,
                vacuumed: Instant::now(),
            })
        }
    };
    if feeder.vacuumed.elapsed() > VACUUM_EVERY {
        feeder.storage.vacuum().await?;
        // The list of what is done is not part of it, and would grow for ever.
        let done = feeder.storage.get_config().done_jobs_set();
        let _: i64 = feeder.connection.del(done).await?;
        feeder.vacuumed = Instant::now();
    }
    let active = feeder.storage.get_config().active_jobs_list();
    let waiting: usize = feeder.connection.llen(active).await?;
    let room = WINDOW.saturating_sub(waiting).min(BATCH);
    if room == 0 {
        return Ok(false);
    }
    let popped = pull.context.queue.pop(pull.pool, room, &[]).await?;
    if popped.is_empty() {
        return Ok(false);
    }
    let full = popped.len() == room;
    // Each under a fresh id of apalis: it drops a push of one that it knows. What is lost here is offered again.
    feeder
        .storage
        .push_bulk(popped.into_iter().map(Fed::of).collect())
        .await?;
    pull.context.queue.ring_fed(pull.pool).await?;
    Ok(full)
}
