use crate::StoreError;
use crate::connect::{Plans, Pool, PooledConnection, Timeouts, checkout, pool};
use crate::store::{Durability, begin, takes_changes};
use config::{DatabaseSettings, ExposeSecret};
use diesel_async::{AnsiTransactionManager, TransactionManager};

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
            Durability::Durable => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Durability::Relaxed => "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off",
        };
        Ok(SystemTx {
            conn: begin(&self.pool, sql).await?,
        })
    }

    /// For questions about all that there is: Postgres may read whole tables and join them as it likes, which other statements of this role may not.
    pub(crate) async fn begin_survey(&self) -> Result<SystemTx, StoreError> {
        let sql = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = on; SET LOCAL enable_mergejoin = on";
        Ok(SystemTx {
            conn: begin(&self.pool, sql).await?,
        })
    }

    /// For one statement that locks rows and joins them with others of the job tables: a row that has changed since the statement began makes it fail, and it is
    /// to be tried [again](Retries). Looked at again by Postgres 18 instead, such a row can crash it (`docs/decisions/036-changed-rows.md`).
    pub(crate) async fn begin_in_one_snapshot(&self, durability: Durability) -> Result<SystemTx, StoreError> {
        let sql = match durability {
            Durability::Durable => "BEGIN ISOLATION LEVEL REPEATABLE READ",
            Durability::Relaxed => "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL synchronous_commit = off",
        };
        Ok(SystemTx {
            conn: begin(&self.pool, sql).await?,
        })
    }

    /// A connection for one statement, which is a transaction by itself, in one snapshot as with [`begin_in_one_snapshot`](Self::begin_in_one_snapshot).
    /// It may be dead. Try as often as [`Retries`] says.
    pub(crate) async fn checkout(&self) -> Result<PooledConnection, StoreError> {
        let mut conn = checkout(&self.pool).await?;
        conn.expect_work();
        Ok(conn)
    }

    /// How often one statement may be tried again.
    pub(crate) fn retries(&self) -> Retries {
        Retries {
            closed: self.pool.state().connections + 1,
            changed: CHANGES,
        }
    }

    /// Whether Postgres answers, and takes changes.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut conn = self.checkout().await?;
        takes_changes(&mut conn).await
    }

    /// Connections open and idle right now.
    #[must_use]
    pub fn connections(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.idle_connections)
    }
}

/// How often rows may change under one statement before that is an error.
const CHANGES: u32 = 100;

/// What is left of one statement's tries.
pub(crate) struct Retries {
    /// Dead connections there can be in the pool, after a restart of Postgres.
    closed: u32,
    changed: u32,
}

impl Retries {
    /// The connection was found dead: the same on another may succeed.
    pub(crate) fn after_closed(&mut self, error: &diesel::result::Error) -> bool {
        StoreError::is_closed(error) && take(&mut self.closed)
    }

    /// A row has changed since the statement began, which has done nothing: it may succeed now.
    pub(crate) fn after_change(&mut self, error: &diesel::result::Error) -> bool {
        StoreError::is_change(error) && take(&mut self.changed)
    }
}

fn take(left: &mut u32) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
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
