use std::sync::Arc;
use tokio::sync::Notify;

/// Rung by whoever leaves something to be done; keeps one ring. A ring that is lost with its process costs a tick of the reconciler in
/// another.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<Notify>);

impl Bell {
    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }

    pub(crate) async fn rung(&self) {
        self.0.notified().await;
    }
}

/// What the end of a job may leave to be done.
#[derive(Clone, Default)]
pub(crate) struct Bells {
    /// About its batch.
    pub(crate) batches: Bell,
    /// Jobs to be dispatched, which it queued: deliveries of webhooks.
    pub(crate) dispatch: Bell,
}

impl Bells {
    /// When nobody knows what was left.
    pub(crate) fn ring(&self) {
        self.batches.ring();
        self.dispatch.ring();
    }

    pub(crate) fn ring_for(&self, ended: &[store::jobs::Ended]) {
        if ended.iter().any(|job| job.due_batch.is_some()) {
            self.batches.ring();
        }
        if ended.iter().any(|job| job.told) {
            self.dispatch.ring();
        }
    }
}
