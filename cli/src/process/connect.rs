use anyhow::Context;
use config::Settings;
use integrations::IntegrationError;
use integrations::http::{GuardedClient, HttpLimits, OutboundPolicy};
use jobs::Queue;
use std::sync::Arc;
use std::time::Duration;
use store::Store;

/// What every part of the system talks to.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) queue: Queue,
}

impl Connections {
    /// Connects, and refuses servers that are too old, another role than the app's, and a database without this binary's migrations. One that is ahead of
    /// this binary is in order: a newer release is being rolled out. Redis may be away: the system starts without it and finds it later.
    pub(crate) async fn open(settings: Arc<Settings>) -> anyhow::Result<Self> {
        let store = Store::connect(&settings.database)
            .await
            .context("cannot use DATABASE_URL")?;
        store::check_server_version(&store).await?;
        store::check_app_login(&store).await?;
        let unknown = store::check_migrations(&store).await?;
        if !unknown.is_empty() {
            tracing::info!(migrations = ?unknown, "the database is of a newer release");
        }
        let queue = Queue::open(&settings.redis).context("cannot use REDIS_URL")?;
        match queue.check().await {
            Ok(version) => tracing::info!(%version, "dispatch index connected"),
            Err(error @ jobs::QueueError::Unexpected(_)) => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "Redis is away: jobs are accepted and wait in Postgres"),
        }
        Ok(Self { settings, store, queue })
    }
}

/// The client for every call to the outside, as the settings allow it.
pub(crate) fn outgoing_client(settings: &Settings) -> Result<GuardedClient, IntegrationError> {
    let outgoing = &settings.outgoing;
    let policy = OutboundPolicy {
        allow_loopback: outgoing.allow_loopback,
        allow_private: outgoing.allow_private,
    };
    let limits = HttpLimits {
        connect_timeout: Duration::from_secs(outgoing.connect_timeout_secs),
        total_timeout: Duration::from_secs(outgoing.timeout_secs),
        ..HttpLimits::default()
    };
    GuardedClient::new(policy, limits)
}
