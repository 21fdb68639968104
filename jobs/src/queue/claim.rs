use super::keys;
use crate::{Pool, Queue, QueueError, Subscription};
use redis::{AsyncCommands, Script};
use std::sync::{Arc, LazyLock};
use store::JobId;
use tokio::sync::Notify;

static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("claim.lua")));

impl Queue {
    /// Takes up to `limit` ids to be claimed in Postgres, fairly between tenants.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn pop(&self, pool: Pool, limit: usize) -> Result<Vec<JobId>, QueueError> {
        let ids: Vec<String> = CLAIM
            .key(keys::pool(&self.prefix, pool))
            .arg(limit)
            .invoke_async(&mut self.connection.clone())
            .await?;
        // Whatever is no id was not put there by us; the row it might have meant is dispatched again from Postgres.
        Ok(ids.iter().filter_map(|id| id.parse().ok().map(JobId)).collect())
    }

    /// Forgets popped ids: Postgres has decided about them.
    ///
    /// # Errors
    /// [`QueueError`]; they are forgotten with the next push of theirs.
    pub async fn settle(&self, pool: Pool, ids: &[JobId]) -> Result<(), QueueError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let _: i64 = self
            .connection
            .clone()
            .zrem(format!("{}:popped", keys::pool(&self.prefix, pool)), ids)
            .await?;
        Ok(())
    }

    /// Rings when jobs are pushed to the pool. The `Notify` keeps one ring, so none is lost between two looks.
    #[must_use]
    pub fn doorbell(&self, pool: Pool) -> (Arc<Notify>, Subscription) {
        let bell = Arc::new(Notify::new());
        let ringer = bell.clone();
        let channel = keys::bell(&self.prefix, pool);
        (bell, self.subscribe(channel, move |_| ringer.notify_one()))
    }
}
