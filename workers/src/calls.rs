//! The calls to the outside that a job is making. A stop waits for them: a call that is given up half-way is one whose outcome nobody knows.
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Of one attempt; cheap to clone.
#[derive(Clone)]
pub(crate) struct Calls {
    stop: CancellationToken,
    in_flight: Arc<watch::Sender<usize>>,
}

/// A call in flight, until dropped.
pub(crate) struct InFlight {
    in_flight: Arc<watch::Sender<usize>>,
}

impl Calls {
    /// `stop`: the attempt's.
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self {
            stop,
            in_flight: Arc::new(watch::Sender::new(0)),
        }
    }

    /// To be held from before a call is written down as intended until its outcome is. Does not return once the attempt has been told to stop, which drops
    /// it as soon as no call is in flight.
    pub(crate) async fn begin(&self) -> InFlight {
        if self.stop.is_cancelled() {
            std::future::pending::<()>().await;
        }
        self.enter()
    }

    /// To be held while what a call took is written down, which a stop waits for too.
    pub(crate) fn enter(&self) -> InFlight {
        self.in_flight.send_modify(|count| *count += 1);
        InFlight {
            in_flight: self.in_flight.clone(),
        }
    }

    /// Returns once no call is in flight, nor being written down.
    pub(crate) async fn over(&self) {
        // The other end is ours.
        let _ = self.in_flight.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.in_flight.send_modify(|count| *count -= 1);
    }
}
