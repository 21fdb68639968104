/// Why Redis did not do what was asked. Never fatal: Postgres knows every job, and the reconciler tries again.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    #[error("redis: {0}")]
    Redis(#[from] redis::RedisError),
    #[error("redis.url is not set")]
    NotConfigured,
    #[error("redis: {0}")]
    Unexpected(String),
}
