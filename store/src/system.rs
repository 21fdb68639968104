use crate::StoreError;
use crate::connect::{Plans, Pool, PooledConnection, Timeouts, checkout, pool};
use crate::prepared::Prepare;
use crate::store::{Durability, begin};
use config::{DatabaseSettings, ExposeSecret};
use diesel_async::{AnsiTransactionManager, RunQueryDsl, TransactionManager};

/// The system role's pool: moves jobs of every tenant; has no grant on knowledge, credentials or people.
#[derive(Clone)]
pub struct System {
    pool: Pool,
}

impl System {
    /// Connects as the system role.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the URL is missing or no connection can be made.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let url = settings
            .system_url
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("DATABASE_SYSTEM_URL is not set".to_owned()))?;
        Ok(Self {
            pool: pool(
                url.expose_secret(),
                settings.system_connections,
                Timeouts::of(settings),
                Plans::Once,
            )
            .await?,
        })
    }

    pub(crate) async fn begin(&self, durability: Durability) -> Result<SystemTx, StoreError> {
        let sql = match durability {
            Durability::Durable => "BEGIN",
            Durability::Relaxed => "BEGIN; SET LOCAL synchronous_commit = off",
        };
        Ok(SystemTx {
            conn: begin(&self.pool, sql).await?,
        })
    }

    /// For questions about all that there is: Postgres may read whole tables and join them as it likes, which other statements of this role may not.
    pub(crate) async fn begin_survey(&self) -> Result<SystemTx, StoreError> {
        let sql =
            "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = on; SET LOCAL enable_mergejoin = on";
        Ok(SystemTx {
            conn: begin(&self.pool, sql).await?,
        })
    }

    /// A connection for one statement, which is a transaction by itself. It may be dead: try as often as [`tries`](Self::tries) says while the
    /// error is [`StoreError::is_closed`].
    pub(crate) async fn checkout(&self) -> Result<PooledConnection, StoreError> {
        let mut conn = checkout(&self.pool).await?;
        conn.expect_work();
        Ok(conn)
    }

    /// Dead connections there can be in the pool, after a restart of Postgres.
    pub(crate) fn tries(&self) -> u32 {
        self.pool.state().connections + 1
    }

    /// Whether Postgres answers.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut conn = self.checkout().await?;
        diesel::sql_query("SELECT 1").prepared().execute(&mut conn).await?;
        Ok(())
    }

    /// Connections open and idle right now.
    #[must_use]
    pub fn connections(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.idle_connections)
    }
}

/// A transaction of the system role. Dropped without [`commit`](Self::commit), its connection is closed and it rolls back.
pub(crate) struct SystemTx {
    pub(crate) conn: PooledConnection,
}

impl SystemTx {
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        AnsiTransactionManager::commit_transaction(&mut *self.conn)
            .await
            .map_err(StoreError::from)
    }

    pub(crate) async fn roll_back(mut self) -> Result<(), StoreError> {
        AnsiTransactionManager::rollback_transaction(&mut *self.conn)
            .await
            .map_err(StoreError::from)
    }
}
