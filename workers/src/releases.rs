//! Takes jobs that have ended off the limits they were held under.
use crate::Context;
use jobs::{Pool, Popped};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

/// The most jobs in one call.
const BATCH: usize = 200;

/// Until told to stop, and then what is left. What Redis does not take is found by [`limits`](crate::limits).
pub(crate) async fn run(context: Context, mut ended: UnboundedReceiver<Popped>, stop: CancellationToken) {
    let mut batch = Vec::new();
    loop {
        let stopping = tokio::select! {
            _ = ended.recv_many(&mut batch, BATCH) => batch.is_empty(),
            () = stop.cancelled() => true,
        };
        if stopping {
            batch.extend(std::iter::from_fn(|| ended.try_recv().ok()));
        }
        for pool in Pool::ALL {
            let of_pool = batch.iter().filter(|popped| popped.job.pool == pool);
            if let Err(error) = context.queue.release(pool, of_pool).await {
                tracing::debug!(%error, "jobs that ended count under limits until the next look");
            }
        }
        if stopping {
            return;
        }
        batch.clear();
    }
}
