use super::connection::field;
use super::keys;
use crate::{Queue, QueueError};
use redis::AsyncCommands;

impl Queue {
    /// Names this life of the index: our key in Redis plus the server's run id. Either is gone after a wipe or a restart, and then every
    /// job that was dispatched under the old name is due for dispatch again.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn epoch(&self) -> Result<String, QueueError> {
        let mut connection = self.connection.clone();
        let key = keys::epoch(&self.prefix);
        let _: bool = connection.set_nx(&key, uuid::Uuid::new_v4().to_string()).await?;
        let ours: String = connection.get(&key).await?;
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
        let run_id = field(&info, "run_id").ok_or_else(|| QueueError::Unexpected("INFO names no run_id".to_owned()))?;
        Ok(format!("{ours}:{run_id}"))
    }
}
