use crate::{Store, StoreError};
use diesel::sql_types::{BigInt, Double, Integer, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// The database server, as the app role sees it.
#[derive(Clone, Debug, QueryableByName)]
pub struct ServerState {
    /// As the server writes it, for example `18.6`.
    #[diesel(sql_type = Text)]
    pub version: String,
    /// Seconds since 1970 by the server's clock, when it answered.
    #[diesel(sql_type = Double)]
    pub clock_secs: f64,
    /// The locale of its messages; empty: that of the process.
    #[diesel(sql_type = Text)]
    pub messages: String,
    /// Connections that roles other than superusers may have, all databases together.
    #[diesel(sql_type = Integer)]
    pub connections_allowed: i32,
    /// Connections that our roles have to this database.
    #[diesel(sql_type = BigInt)]
    pub connections_ours: i64,
}

/// # Errors
/// [`StoreError`].
pub async fn server_state(store: &Store) -> Result<ServerState, StoreError> {
    let mut conn = store.before_tenant().await?;
    Ok(sql_query(
        "SELECT current_setting('server_version') AS version, extract(epoch FROM clock_timestamp())::float8 AS clock_secs, current_setting('lc_messages') AS messages,
                current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections_allowed,
                (SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND usename IN ('visualkit_owner', 'visualkit_app', 'visualkit_system')) AS connections_ours",
    )
    .get_result(&mut *conn)
    .await?)
}
