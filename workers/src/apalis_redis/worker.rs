use super::{BACK_OFF, Fed, connect, storage};
use crate::pull::Pull;
use apalis::prelude::{BackendExt, BoxDynError, Data, ParallelizeExt, WorkerBuilder, WorkerBuilderExt, WorkerError};
use futures::{FutureExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;

/// A ring during a fetch is forgotten by apalis.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// apalis waits for its running tasks, and for ever when many are in flight.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Runs a worker until told to stop; the next when one has ended, for any error of Redis ends it.
pub(super) async fn run(pull: &Arc<Pull>) {
    while !pull.stop.is_cancelled() {
        if let Err(error) = work(pull).await {
            tracing::warn!(pool = %pull.pool, error = &*error as &dyn std::error::Error, "the worker of apalis-redis has ended; starting another");
        }
        tokio::select! {
            () = pull.stop.cancelled() => {}
            () = tokio::time::sleep(BACK_OFF) => {}
        }
    }
}

async fn work(pull: &Arc<Pull>) -> Result<(), BoxDynError> {
    let settings = &pull.context.settings.redis;
    let storage = storage(connect(settings).await?, settings, pull.pool);
    let (bell, subscription) = pull.context.queue.fed_bell(pull.pool);
    let rings = futures::stream::unfold((bell, subscription), |(bell, subscription)| async move {
        let _late = tokio::time::timeout(LOOK_EVERY, bell.notified()).await;
        Some(((), (bell, subscription)))
    });
    // Under a name of its own: one that is known is refused for as long as it would be silent.
    let name = format!("{}-{}", pull.worker, uuid::Uuid::new_v4().simple());
    #[expect(
        clippy::disallowed_methods,
        reason = "handing a job over takes no longer than its claim, and the running table tracks it from there"
    )]
    let worker = WorkerBuilder::new(name)
        .backend(storage.poll_with_stream(rings.boxed()))
        .data(pull.clone())
        .concurrency(pull.slots.total())
        .parallelize(tokio::spawn)
        .build(take);
    let stopped = pull.stop.clone().cancelled_owned().map(Ok::<(), WorkerError>);
    let working = worker.run_until(stopped).boxed();
    tokio::select! {
        ended = working => Ok(ended?),
        () = async {
            pull.stop.cancelled().await;
            tokio::time::sleep(STOP_WITHIN).await;
        } => Ok(()),
    }
}

/// Hands a job over to the worker that runs it, once there is a slot.
async fn take(fed: Fed, pull: Data<Arc<Pull>>) -> Result<(), BoxDynError> {
    let popped = fed.popped(pull.pool);
    pull.claim_one(popped).await;
    Ok(())
}
