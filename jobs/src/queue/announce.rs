use super::keys;
use crate::{Queue, Subscription};
use redis::AsyncCommands;
use store::JobId;

impl Queue {
    /// Tells whoever waits for these jobs to look at them. Best effort: they look now and then anyway.
    pub async fn announce_changes(&self, jobs: &[JobId]) {
        self.publish(keys::changes(&self.prefix), jobs).await;
    }

    /// Tells the workers of these jobs that someone wants them stopped. Best effort: each renewal of a lease says so too.
    pub async fn announce_cancellation(&self, jobs: &[JobId]) {
        self.publish(keys::cancellations(&self.prefix), jobs).await;
    }

    async fn publish(&self, channel: String, jobs: &[JobId]) {
        if jobs.is_empty() {
            return;
        }
        let ids: Vec<u8> = jobs.iter().flat_map(|job| job.0.into_bytes()).collect();
        if let Err(error) = self.connection.clone().publish::<_, _, i64>(&channel, ids).await {
            tracing::debug!(channel, %error, "announcement lost");
        }
    }

    /// Calls `on_change` with the jobs that changed; `None` after a (re)connection: anything may have.
    pub(crate) fn subscribe_changes(
        &self,
        on_change: impl Fn(Option<&[JobId]>) + Send + Sync + 'static,
    ) -> Subscription {
        self.subscribe(keys::changes(&self.prefix), move |bytes| match ids(bytes) {
            ids if ids.is_empty() => on_change(None),
            ids => on_change(Some(&ids)),
        })
    }

    /// Calls `on_cancel` with jobs whose workers should stop.
    #[must_use]
    pub fn subscribe_cancellations(&self, on_cancel: impl Fn(&[JobId]) + Send + Sync + 'static) -> Subscription {
        self.subscribe(keys::cancellations(&self.prefix), move |bytes| on_cancel(&ids(bytes)))
    }

    pub(crate) fn subscribe(
        &self,
        channel: String,
        on_message: impl Fn(&[u8]) + Send + Sync + 'static,
    ) -> Subscription {
        Subscription::start(self.client.clone(), channel, self.response_timeout, on_message)
    }
}

fn ids(bytes: &[u8]) -> Vec<JobId> {
    bytes
        .as_chunks::<16>()
        .0
        .iter()
        .map(|id| JobId(uuid::Uuid::from_bytes(*id)))
        .collect()
}
