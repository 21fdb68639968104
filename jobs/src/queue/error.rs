/// Why Redis did not do what was asked. Never fatal: Postgres knows every job, and the reconciler tries again.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// With all that it says, its causes included: it is the source of nothing, or chains of causes would say it again.
    #[error("redis: {0}")]
    Redis(redis::RedisError),
    #[error("redis.url is not set")]
    NotConfigured,
    #[error("redis: {0}")]
    Unexpected(String),
}

impl From<redis::RedisError> for QueueError {
    fn from(error: redis::RedisError) -> Self {
        Self::Redis(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;
    use std::io;

    #[test]
    fn what_redis_did_not_do_is_told_once() {
        let silent = io::Error::new(io::ErrorKind::TimedOut, "timed out");
        let error = QueueError::from(redis::RedisError::from(silent));
        assert!(error.source().is_none());
        assert_eq!(error.to_string().matches("timed out").count(), 1, "{error}");
    }
}
