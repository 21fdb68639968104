use crate::connect::{Plans, Pool, PooledConnection, Timeouts, checkout, pool};
use crate::connection::Connection;
use crate::prepared::Prepare;
use crate::tenant::Work;
use crate::{StoreError, TenantId, TenantTx};
use config::{DatabaseSettings, ExposeSecret};
use diesel::QueryableByName;
use diesel::sql_types::Bool;
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{AnsiTransactionManager, RunQueryDsl, TransactionManager};

/// How long a transaction's commit may be in doubt after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Committed means on disk.
    Durable,
    /// Committed means in memory; on disk within a moment. For interactive jobs whose client is still waiting.
    Relaxed,
}

/// The app role's pool: serves tenants, one transaction at a time, under row-level security.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
}

impl Store {
    /// Connects as the app role.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the URL is missing or no connection can be made.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let url = settings
            .url
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("DATABASE_URL is not set".to_owned()))?;
        Ok(Self {
            pool: pool(
                url.expose_secret(),
                settings.app_connections,
                Timeouts::of(settings),
                Plans::Each,
            )
            .await?,
        })
    }

    /// Runs `work` in a transaction in which row-level security sees only `tenant`: `Ok` commits durably, `Err` rolls back.
    ///
    /// A closure, not a guard: a guard that forgot to commit would make the pool throw its connection away.
    ///
    /// # Errors
    /// What `work` returns, or that the transaction could not begin or commit.
    pub async fn tenant<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, E>
    where
        for<'r> F:
            AsyncFnOnce(&'r mut TenantTx) -> Result<T, E> + Work<&'r mut TenantTx, Result<T, E>, Fut: Send> + Send,
        E: From<StoreError>,
    {
        self.tenant_with(tenant, Durability::Durable, work).await
    }

    /// [`tenant`](Self::tenant), with a choice of durability.
    ///
    /// # Errors
    /// As [`tenant`](Self::tenant).
    pub async fn tenant_with<T, E, F>(&self, tenant: TenantId, durability: Durability, work: F) -> Result<T, E>
    where
        for<'r> F:
            AsyncFnOnce(&'r mut TenantTx) -> Result<T, E> + Work<&'r mut TenantTx, Result<T, E>, Fut: Send> + Send,
        E: From<StoreError>,
    {
        let mut tx = self.begin(tenant, &begin_sql(tenant, durability)).await?;
        let result = work(&mut tx).await;
        let end = match &result {
            Ok(_) => AnsiTransactionManager::commit_transaction(&mut *tx.conn).await,
            Err(_) => AnsiTransactionManager::rollback_transaction(&mut *tx.conn).await,
        };
        match (result, end) {
            (Ok(_), Err(error)) => Err(StoreError::from(error).into()),
            (result, _) => result,
        }
    }

    /// [`tenant`](Self::tenant), for work that only looks rows up by their ids. It is answered before its transaction has ended, which changes nothing, and
    /// Postgres plans each statement once a connection: left to itself it plans the look at a job, over all partitions, for each execution, which takes
    /// several times as long as the look.
    ///
    /// # Errors
    /// As [`tenant`](Self::tenant); and of each statement that writes.
    pub async fn read_by_id<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, E>
    where
        for<'r> F:
            AsyncFnOnce(&'r mut TenantTx) -> Result<T, E> + Work<&'r mut TenantTx, Result<T, E>, Fut: Send> + Send,
        E: From<StoreError>,
    {
        let sql = format!("BEGIN READ ONLY; SET LOCAL app.tenant_id = '{tenant}'{PLANNED_ONCE}");
        let mut tx = self.begin(tenant, &sql).await?;
        let result = work(&mut tx).await;
        #[expect(
            clippy::disallowed_methods,
            reason = "nobody needs its end: dropped before it, the connection is closed"
        )]
        tokio::spawn(async move { AnsiTransactionManager::rollback_transaction(&mut *tx.conn).await });
        result
    }

    /// Begins with the first statement. After a restart of Postgres every idle connection is dead: the pool's are tried until one is not.
    async fn begin(&self, tenant: TenantId, sql: &str) -> Result<TenantTx, StoreError> {
        let mut tries = self.pool.state().connections;
        loop {
            let mut conn = checkout(&self.pool).await?;
            if tries > 0 && conn.is_broken() {
                tries -= 1;
                continue;
            }
            conn.begin(sql).await?;
            conn.expect_work();
            return Ok(TenantTx { conn, tenant });
        }
    }

    /// A connection outside any tenant: it sees no tenant row, only functions of the `lookup` role and what belongs to the installation.
    pub(crate) async fn before_tenant(&self) -> Result<PooledConnection, StoreError> {
        let mut conn = checkout(&self.pool).await?;
        conn.expect_promptness();
        Ok(conn)
    }

    /// Whether the database answers, and takes changes.
    ///
    /// # Errors
    /// [`StoreError`] saying why not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut conn = begin(&self.pool, "BEGIN").await?;
        let answer = takes_changes(&mut conn).await;
        AnsiTransactionManager::rollback_transaction(&mut *conn).await?;
        answer
    }

    /// Connections open and idle right now.
    #[must_use]
    pub fn connections(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.idle_connections)
    }
}

/// Refuses a standby, and a server or a database that was set to be read only. The connection then goes: another may be to a server that is not.
pub(crate) async fn takes_changes(conn: &mut Connection) -> Result<(), StoreError> {
    #[derive(QueryableByName)]
    struct Said {
        #[diesel(sql_type = Bool)]
        read_only: bool,
    }
    let sql = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only";
    let Said { read_only } = diesel::sql_query(sql).prepared().get_result(conn).await?;
    if read_only {
        conn.give_up_read_only();
        return Err(StoreError::Unavailable(
            "PostgreSQL takes no changes: it is a standby, or read only".to_owned(),
        ));
    }
    Ok(())
}

/// As [`Plans::Once`], for a transaction.
const PLANNED_ONCE: &str = "; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off";

/// `BEGIN`, the tenant and the durability in one message. The id prints as a UUID: nothing in it needs quoting.
fn begin_sql(tenant: TenantId, durability: Durability) -> String {
    let relaxed = if durability == Durability::Relaxed {
        "; SET LOCAL synchronous_commit = off"
    } else {
        ""
    };
    format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'{relaxed}")
}

/// Begins on a connection that works. After a restart of Postgres every idle connection is dead, so each failure is answered with the
/// next connection until the pool has none of the old ones left. Nothing has been done yet, so trying again is safe. One that says
/// nothing is not answered with the next: whoever asks would wait for each of them.
pub(crate) async fn begin(pool: &Pool, sql: &str) -> Result<PooledConnection, StoreError> {
    let mut tries = pool.state().connections + 1;
    loop {
        let mut conn = checkout(pool).await?;
        conn.expect_promptness();
        match AnsiTransactionManager::begin_transaction_sql(&mut *conn, sql).await {
            Ok(()) => {
                conn.expect_work();
                return Ok(conn);
            }
            Err(error) if tries == 0 || conn.is_given_up() => return Err(StoreError::Unavailable(error.to_string())),
            Err(_) => tries -= 1,
        }
    }
}
