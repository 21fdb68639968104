//! Connections: TLS as `sslmode` says, a statement time-out, one pool a role.
use crate::StoreError;
use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, bb8};
use futures::FutureExt;
use rustls_platform_verifier::ConfigVerifierExt;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) type Pool = bb8::Pool<AsyncPgConnection>;
pub(crate) type PooledConnection = bb8::PooledConnection<'static, AsyncPgConnection>;

/// How the connections of a pool behave.
#[derive(Clone, Copy)]
pub(crate) struct PoolOptions {
    pub(crate) size: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Duration,
}

/// Opens a pool and proves that one connection can be made.
pub(crate) async fn pool(url: &str, options: PoolOptions) -> Result<Pool, StoreError> {
    let mut config = ManagerConfig::default();
    // A ping on each check-out would cost a round trip a transaction. A dead connection is noticed by BEGIN instead, and
    // replaced before any work has started.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |url| {
        let url = url.to_owned();
        async move { establish(&url, options.connect_timeout, options.statement_timeout).await }.boxed()
    });
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
    let pool = bb8::Pool::builder()
        .max_size(options.size)
        .min_idle(Some(1))
        .test_on_check_out(false)
        .connection_timeout(options.connect_timeout)
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

/// One connection. `sslmode=prefer` and `require` both verify the certificate against the system's trust store, which is stricter
/// than libpq; `disable` uses none.
pub(crate) async fn establish(
    url: &str,
    connect_timeout: Duration,
    statement_timeout: Duration,
) -> Result<AsyncPgConnection, ConnectionError> {
    let mut config = Config::from_str(url).map_err(|error| ConnectionError::InvalidConnectionUrl(error.to_string()))?;
    config.connect_timeout(connect_timeout).application_name("visualkit");
    let options = format!(
        "{} -c statement_timeout={}",
        config.get_options().unwrap_or(""),
        statement_timeout.as_millis()
    );
    config.options(options.trim());
    if config.get_ssl_mode() == SslMode::Disable {
        let (client, connection) = config.connect(NoTls).await.map_err(bad_connection)?;
        return AsyncPgConnection::try_from_client_and_connection(client, connection).await;
    }
    let tls = rustls::ClientConfig::with_platform_verifier()
        .map_err(|error| ConnectionError::BadConnection(format!("TLS cannot be set up: {error}")))?;
    let (client, connection) = config
        .connect(MakeRustlsConnect::new(tls))
        .await
        .map_err(bad_connection)?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

fn bad_connection(error: tokio_postgres::Error) -> ConnectionError {
    let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
    ConnectionError::BadConnection(format!("{error}{cause}"))
}
