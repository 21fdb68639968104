use super::take::{Take, Taken};
use super::{Error, Shared, connect, storage};
use apalis::prelude::{BackendExt, WorkerBuilder, WorkerError};
use futures::stream::{poll_fn, unfold};
use futures::{FutureExt, Stream, StreamExt};
use jobs::Subscription;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// After a ring there are further looks, and then one each second: apalis forgets a ring that comes during a fetch.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(50)];
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// At a stop, what is being fetched may still come.
const FETCHED_WITHIN: Duration = Duration::from_millis(100);

/// apalis waits for what it runs, and for ever when much is in flight.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Runs a worker until told to stop.
pub(super) async fn work(shared: &Arc<Shared>, taken: UnboundedSender<Taken>) -> Result<(), Error> {
    let pull = &shared.pull;
    let settings = &pull.context.settings.redis;
    let storage = storage(connect(settings).await?, settings, pull.pool);
    let (bell, subscription) = pull.context.queue.fed_bell(pull.pool);
    // Under a name of its own: one that is known is refused for as long as it would be silent.
    let name = format!("{}-{}", pull.worker, uuid::Uuid::new_v4().simple());
    let worker = WorkerBuilder::new(name)
        .backend(storage.poll_with_stream(looks(bell, subscription).boxed()))
        .build(Take::new(shared.clone(), taken));
    let stopped = after(pull.stop.clone(), FETCHED_WITHIN).map(Ok::<(), WorkerError>);
    tokio::select! {
        ended = worker.run_until(stopped).boxed() => Ok(ended?),
        () = after(pull.stop.clone(), STOP_WITHIN) => Ok(()),
    }
}

async fn after(stop: CancellationToken, wait: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(wait).await;
}

/// When to fetch. Each look wakes apalis once more: it forgets also to wait for the next when one comes at the end of a fetch.
fn looks(bell: Arc<Notify>, subscription: Subscription) -> impl Stream<Item = ()> + Send {
    let times = unfold((bell, subscription, 0), |(bell, subscription, quiet)| async move {
        let wait = LOOK_AGAIN.get(quiet).copied().unwrap_or(LOOK_EVERY);
        let rung = tokio::time::timeout(wait, bell.notified()).await.is_ok();
        Some(((), (bell, subscription, if rung { 0 } else { quiet + 1 })))
    });
    let mut times = Box::pin(times);
    poll_fn(move |cx| {
        let look = ready!(times.poll_next_unpin(cx));
        cx.waker().wake_by_ref();
        Poll::Ready(look)
    })
}
