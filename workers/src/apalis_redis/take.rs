use super::Shared;
use crate::slots::Offer;
use apalis::prelude::Task;
use futures::FutureExt;
use futures::future::{BoxFuture, Ready, ready};
use jobs::Popped;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::mpsc::UnboundedSender;
use tower_service::Service;

/// An id from apalis-redis, and the slot that is kept for it: none when another was quicker, or when that one is reserved for other tenants.
pub(super) type Taken = (Popped, Option<Offer>);

/// What apalis hands ids over to. It fetches one only when this is ready, which it is while there is a free slot and Postgres answers:
/// otherwise ids would go back and forth, and keep other processes from theirs.
pub(super) struct Take {
    shared: Arc<Shared>,
    taken: UnboundedSender<Taken>,
    /// Until the next may be fetched; none when it may.
    closed: Option<BoxFuture<'static, ()>>,
}

impl Take {
    pub(super) fn new(shared: Arc<Shared>, taken: UnboundedSender<Taken>) -> Self {
        let closed = Some(shared.clone().open().boxed());
        Self { shared, taken, closed }
    }
}

impl Service<Task<Popped>> for Take {
    type Response = ();
    type Error = Infallible;
    type Future = Ready<Result<(), Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if let Some(closed) = &mut self.closed {
            std::task::ready!(closed.poll_unpin(cx));
            self.closed = None;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task<Popped>) -> Self::Future {
        let (popped, _) = task.take();
        let (slots, tenant) = (&self.shared.pull.slots, popped.job.tenant);
        let offer = slots.offer(1).now_or_never().flatten();
        let mut offer = offer.filter(|offer| !offer.pass_over.contains(&tenant));
        offer.iter_mut().for_each(|offer| offer.keep_for(slots, tenant));
        let _ = self.taken.send((popped, offer));
        self.shared.room.notify_one();
        self.closed = Some(self.shared.clone().open().boxed());
        ready(Ok(()))
    }
}
