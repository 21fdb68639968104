use super::{Error, Shared, connect, storage};
use crate::pull::{BATCH, BUSY_BEAT};
use apalis::prelude::TaskSink;
use apalis_core::backend::Vacuum;
use jobs::Asking;
use redis::{AsyncCommands, Script};
use std::sync::Arc;
use std::time::Duration;

/// What apalis-redis keeps of ids that were taken is removed after so many: its script reads all that it keeps.
const VACUUM_AFTER: usize = 1000;

/// How many ids wait. apalis-redis lets each wait until the clock of whoever fetches has reached that of whoever pushed: here none waits for clocks.
const WINDOW: &str = "for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('RPUSH', KEYS[2], id) end
redis.call('DEL', KEYS[1])
return redis.call('LLEN', KEYS[2])";

/// Keeps the window filled until told to stop.
pub(super) async fn feed(shared: &Arc<Shared>) -> Result<(), Error> {
    let pull = &shared.pull;
    let (queue, settings) = (&pull.context.queue, &pull.context.settings.redis);
    let mut connection = connect(settings).await?;
    let mut storage = storage(connection.clone(), settings, pull.pool);
    let config = storage.get_config();
    let (window, done) = (Script::new(WINDOW), config.done_jobs_set());
    let mut window = window.key(config.scheduled_jobs_set());
    window.key(config.active_jobs_list());
    let (bell, _subscription) = queue.doorbell(pull.pool);
    let mut fed = 0;
    loop {
        pull.beat.now();
        tokio::select! {
            biased;
            () = pull.stop.cancelled() => return Ok(()),
            () = shared.clone().open() => {}
            // Long jobs in every slot are no stall.
            () = tokio::time::sleep(BUSY_BEAT) => continue,
        }
        let waiting: usize = window.invoke_async(&mut connection).await?;
        let free = pull.slots.look(BATCH);
        let room = free.count.saturating_sub(waiting);
        let popped = match room {
            0 => Vec::new(),
            limit => {
                let asking = Asking {
                    limit,
                    pass_over: &free.pass_over,
                    reserved: free.reserved,
                    home: None,
                };
                queue.take(pull.pool, &asking).await?.jobs
            }
        };
        if popped.is_empty() {
            tokio::select! {
                () = bell.notified(), if room > 0 => {}
                () = shared.room.notified(), if room == 0 => {}
                () = pull.slots.common(), if free.reserved => {}
                () = free.left.since(), if free.reserved => {}
                () = tokio::time::sleep(Duration::from_millis(pull.options.dispatch.poll_interval_ms)) => {}
                () = pull.stop.cancelled() => {}
            }
            continue;
        }
        fed += popped.len();
        // Each under a fresh id of apalis: it drops a push of one that it knows. What is lost here is offered again.
        storage.push_bulk(popped).await?;
        let _: usize = window.invoke_async(&mut connection).await?;
        queue.ring_fed(pull.pool).await?;
        if fed >= VACUUM_AFTER {
            storage.vacuum().await?;
            // The set of what is done is not part of it, and would grow for ever.
            let _: i64 = connection.del(&done).await?;
            fed = 0;
        }
    }
}
