//! Connections: TLS as `sslmode` says, time-outs for either side, one pool a role.
use crate::StoreError;
use crate::connection::Connection;
use config::DatabaseSettings;
use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, bb8};
use futures::FutureExt;
use rustls_platform_verifier::ConfigVerifierExt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) type Pool = bb8::Pool<Connection>;
pub(crate) type PooledConnection = bb8::PooledConnection<'static, Connection>;

/// How long what may take.
#[derive(Clone, Copy)]
pub(crate) struct Timeouts {
    /// Until a new connection is ready for use, or one of the pool is free.
    pub(crate) connect: Duration,
    /// A statement, from its arrival; `None` for as long as it takes.
    pub(crate) statement: Option<Duration>,
    /// An answer that takes Postgres no time, and our next statement in a transaction.
    pub(crate) silence: Duration,
}

/// How often Postgres looks whether the client of a running statement has hung up, and ends it then: what we give up would else wait on, for a lock that
/// others need or beyond the connections that a pool counts.
const HANG_UP_CHECK: Duration = Duration::from_secs(1);

impl Timeouts {
    pub(crate) fn of(settings: &DatabaseSettings) -> Self {
        Self {
            connect: Duration::from_secs(settings.connect_timeout_secs),
            statement: Some(Duration::from_secs(settings.statement_timeout_secs)),
            silence: Duration::from_secs(settings.silence_timeout_secs),
        }
    }
}

/// How Postgres plans what a connection has prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plans {
    /// As it thinks best, which may be anew for each execution: for queries whose conditions come and go.
    Each,
    /// Once, and by indexes: for statements that look a few rows up. The path is the same whatever is bound, and planning a claim over the partitions
    /// of a dozen weeks takes twice as long as running it. Left to itself, Postgres plans for a week that is still empty to read it from end to end, and
    /// keeps to that until the week is analysed.
    Once,
}

/// What connections are made to, and how: worked out once, since reading the system's trust store takes longer than connecting.
pub(crate) struct Target {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    timeouts: Timeouts,
}

impl Target {
    /// `sslmode=prefer` and `require` both verify the certificate against the system's trust store, which is stricter than libpq;
    /// `disable` uses none.
    pub(crate) fn new(url: &str, timeouts: Timeouts, plans: Plans) -> Result<Self, ConnectionError> {
        let mut config =
            Config::from_str(url).map_err(|error| ConnectionError::InvalidConnectionUrl(error.to_string()))?;
        // The kernel notices a host that is gone, on idle connections too.
        config
            .application_name("visualkit")
            .tcp_user_timeout(timeouts.silence)
            .keepalives_idle(timeouts.silence)
            .keepalives_interval((timeouts.silence / 3).max(Duration::from_secs(1)))
            .keepalives_retries(3);
        if let Some(statement) = timeouts.statement {
            // A transaction whose client is gone must not keep its locks: nobody could take its job.
            let planning = match plans {
                Plans::Each => "",
                Plans::Once => {
                    " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_mergejoin=off -c default_transaction_isolation=repeatable\\ read"
                }
            };
            let options = format!(
                "{} -c statement_timeout={} -c idle_in_transaction_session_timeout={} -c client_connection_check_interval={}{planning}",
                config.get_options().unwrap_or(""),
                statement.as_millis(),
                timeouts.silence.as_millis(),
                HANG_UP_CHECK.as_millis()
            );
            config.options(options.trim());
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => {
                let tls = rustls::ClientConfig::with_platform_verifier()
                    .map_err(|error| ConnectionError::BadConnection(format!("TLS cannot be set up: {error}")))?;
                Some(MakeRustlsConnect::new(tls))
            }
        };
        Ok(Self { config, tls, timeouts })
    }

    /// One connection, ready within the connect time-out: a server that accepts and then says nothing would else hold its place in the
    /// pool for ever.
    pub(crate) async fn connect(&self) -> Result<AsyncPgConnection, ConnectionError> {
        tokio::time::timeout(self.timeouts.connect, self.log_in())
            .await
            .unwrap_or_else(|_| {
                let message = format!("not ready within {:?}", self.timeouts.connect);
                Err(ConnectionError::BadConnection(message))
            })
    }

    async fn log_in(&self) -> Result<AsyncPgConnection, ConnectionError> {
        if let Some(tls) = &self.tls {
            let (client, connection) = self.config.connect(tls.clone()).await.map_err(bad_connection)?;
            return AsyncPgConnection::try_from_client_and_connection(client, connection).await;
        }
        let (client, connection) = self.config.connect(NoTls).await.map_err(bad_connection)?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    }
}

/// Opens a pool and proves that one connection can be made.
pub(crate) async fn pool(url: &str, size: u32, timeouts: Timeouts, plans: Plans) -> Result<Pool, StoreError> {
    let target =
        Arc::new(Target::new(url, timeouts, plans).map_err(|error| StoreError::Unavailable(error.to_string()))?);
    let mut config = ManagerConfig::default();
    // A ping on each check-out would cost a round trip a transaction. A dead connection is noticed by BEGIN instead, and
    // replaced before any work has started.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_| {
        let target = target.clone();
        async move { Ok(Connection::new(target.connect().await?, timeouts)) }.boxed()
    });
    let manager = AsyncDieselConnectionManager::<Connection>::new_with_config(url, config);
    let pool = bb8::Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .test_on_check_out(false)
        .connection_timeout(timeouts.connect)
        .build(manager)
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    drop(checkout(&pool).await?);
    Ok(pool)
}

pub(crate) async fn checkout(pool: &Pool) -> Result<PooledConnection, StoreError> {
    pool.get_owned()
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn bad_connection(error: tokio_postgres::Error) -> ConnectionError {
    let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
    ConnectionError::BadConnection(format!("{error}{cause}"))
}
