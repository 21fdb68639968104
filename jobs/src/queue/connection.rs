use super::reconnecting::Connection;
use crate::QueueError;
use config::{ExposeSecret, RedisSettings};
use redis::Client;
use redis::aio::ConnectionManagerConfig;
use std::sync::Arc;
use std::time::Duration;

/// The connection to the dispatch index; cheap to clone. It connects when first used and reconnects by itself, so a process starts,
/// and the API accepts jobs, while Redis is away.
#[derive(Clone)]
pub struct Queue {
    pub(crate) connection: Connection,
    pub(crate) client: Client,
    pub(crate) response_timeout: Duration,
    pub(crate) prefix: Arc<str>,
}

impl Queue {
    /// # Errors
    /// [`QueueError`] when the URL is missing or cannot be read; not when Redis is away.
    pub fn open(settings: &RedisSettings) -> Result<Self, QueueError> {
        let url = settings.url.as_ref().ok_or(QueueError::NotConfigured)?;
        let client = Client::open(url.expose_secret())?;
        let response_timeout = Duration::from_millis(settings.response_timeout_ms);
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(response_timeout))
            .set_connection_timeout(Some(response_timeout))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(200));
        Ok(Self {
            connection: Connection::open(client.clone(), config)?,
            client,
            response_timeout,
            prefix: settings.prefix.as_str().into(),
        })
    }

    /// Whether Redis answers, and what version it is: Redis 7.4.2 and Valkey 8 are the oldest we run on.
    ///
    /// # Errors
    /// [`QueueError`] when it does not answer, or is too old.
    pub async fn check(&self) -> Result<String, QueueError> {
        let info: String = redis::cmd("INFO")
            .arg("server")
            .query_async(&mut self.connection.clone())
            .await?;
        let (name, version, minimum) = match field(&info, "valkey_version") {
            Some(version) => ("Valkey", version, [8, 0, 0]),
            None => ("Redis", field(&info, "redis_version").unwrap_or("0"), [7, 4, 2]),
        };
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let found = [(); 3].map(|()| parts.next().unwrap_or(0));
        if found < minimum {
            return Err(QueueError::Unexpected(format!(
                "{name} {version} is too old: VisualKit needs Redis 7.4.2 or Valkey 8"
            )));
        }
        Ok(format!("{name} {version}"))
    }

    /// Whether Redis answers, and takes writes. A connection that is to a replica is left for another.
    ///
    /// # Errors
    /// [`QueueError`] when it does not.
    pub async fn ping(&self) -> Result<(), QueueError> {
        let generation = self.connection.generation();
        let info: String = redis::cmd("INFO")
            .arg("replication")
            .query_async(&mut self.connection.clone())
            .await?;
        match field(&info, "role") {
            // What stands before Redis may tell of no role.
            None | Some("master") => Ok(()),
            Some(role) => {
                self.connection.leave_replica(generation);
                Err(QueueError::Unexpected(format!("takes no writes: its role is {role}")))
            }
        }
    }
}

/// A field of what `INFO` says.
pub(super) fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .find_map(|line| line.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')))
        .map(str::trim)
}
