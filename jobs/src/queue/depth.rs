use super::keys;
use crate::{Pool, Queue, QueueError};
use redis::AsyncCommands;

/// How much of a pool's work Redis knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    /// Waiting to be popped.
    pub queued: u64,
    /// Popped, and not yet claimed in Postgres.
    pub popped: u64,
}

impl Queue {
    /// # Errors
    /// [`QueueError`].
    pub async fn depth(&self, pool: Pool) -> Result<QueueDepth, QueueError> {
        let mut connection = self.connection.clone();
        let base = keys::pool(&self.prefix, pool);
        let queued = connection.scard(format!("{base}:queued")).await?;
        let popped = connection.zcard(format!("{base}:popped")).await?;
        Ok(QueueDepth { queued, popped })
    }
}
