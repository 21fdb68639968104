use crate::error::LOCK_TIMEOUT;
use crate::inspect::migration_state;
use crate::{Owner, Store, StoreError};
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::time::{Duration, Instant};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// Those that run after the new binary is everywhere.
const CONTRACTING: &[&str] = include!(concat!(env!("OUT_DIR"), "/contracting.rs"));

/// Any number that no other lock of this database uses.
const MIGRATION_LOCK: i64 = 7_305_001;

/// Whoever waits for a lock on a table has everybody who comes after wait behind it: so long a migration may, and then it lets them pass.
const LOCK_WAIT: &str = "2s";
/// Before it asks again.
const PAUSE: Duration = Duration::from_secs(3);

/// Names at most in an error message.
const NAMED: usize = 3;

#[derive(diesel::QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Applies what has not been applied, one process at a time, and returns the names of what it applied. One that does not get its locks is tried again until
/// `patience` is over. Of each wait `told` is told.
///
/// # Errors
/// [`StoreError::Migration`] names the migration that failed; each runs in a transaction of its own.
pub async fn migrate(
    mut owner: Owner,
    patience: Duration,
    mut told: impl FnMut(&str) + Send,
) -> Result<Vec<String>, StoreError> {
    // A migrate that is interrupted while it waits for a lock must not stay in the queue for it.
    owner
        .conn
        .batch_execute("SET client_connection_check_interval = '1s'")
        .await?;
    let free: Locked = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS locked")
        .bind::<BigInt, _>(MIGRATION_LOCK)
        .get_result(&mut owner.conn)
        .await?;
    if !free.locked {
        told("another `visualkit migrate` is at this database; waiting until it is through");
        diesel::sql_query("SELECT pg_advisory_lock($1)")
            .bind::<BigInt, _>(MIGRATION_LOCK)
            .execute(&mut owner.conn)
            .await?;
    }
    // Not before: another migrate is waited for as long as it takes.
    owner
        .conn
        .batch_execute(&format!("SET lock_timeout = '{LOCK_WAIT}'"))
        .await?;
    // The harness blocks its thread while it drives the connection; the lock goes with the connection.
    let mut harness = AsyncMigrationHarness::new(owner.conn);
    // None: longer than the clock counts, which is for ever.
    let until = Instant::now().checked_add(patience);
    tokio::task::block_in_place(|| {
        let mut applied = Vec::new();
        for migration in harness.pending_migrations(MIGRATIONS).map_err(failed)? {
            apply(&mut harness, &*migration, until, &mut told)?;
            applied.push(migration.name().version().to_string());
        }
        Ok(applied)
    })
}

fn apply(
    harness: &mut AsyncMigrationHarness<AsyncPgConnection>,
    migration: &dyn Migration<Pg>,
    until: Option<Instant>,
    told: &mut impl FnMut(&str),
) -> Result<(), StoreError> {
    while let Err(error) = harness.run_migration(migration) {
        let why = error.to_string();
        if !why.contains(LOCK_TIMEOUT) {
            return Err(failed(error));
        }
        let name = migration.name();
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(StoreError::Migration(format!(
                "{name} does not get the locks that it needs: transactions that have been open for long (see pg_stat_activity), such as a backup's, hold them. \
                 End them or wait for them, then run this again"
            )));
        }
        told(&format!("{name} waits for a lock that others hold; trying again"));
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Migration(error.to_string())
}

/// Refuses a database that lacks a migration which this binary needs: all but those that run after it is everywhere. Returns the migrations of the database that
/// this binary does not know: a newer release's, which expect that it still runs.
///
/// # Errors
/// [`StoreError::Behind`] with what is missing; others when the database cannot say.
pub async fn check_migrations(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut state = migration_state(store).await?;
    state.pending.retain(|name| !CONTRACTING.contains(&name.as_str()));
    if state.pending.is_empty() {
        return Ok(state.unknown);
    }
    let more = if state.pending.len() > NAMED { ", …" } else { "" };
    let named = state
        .pending
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    Err(StoreError::Behind(format!(
        "the database lacks {} of this release's migrations ({named}{more}). Run `visualkit migrate` of this release first, with DATABASE_OWNER_URL",
        state.pending.len()
    )))
}

/// The migrations that this binary knows and the database lacks.
///
/// # Errors
/// [`StoreError::Migration`] when the database cannot say.
pub async fn pending_migrations(owner: Owner) -> Result<Vec<String>, StoreError> {
    let mut harness = AsyncMigrationHarness::new(owner.conn);
    tokio::task::block_in_place(|| {
        let pending = harness.pending_migrations(MIGRATIONS).map_err(failed)?;
        Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
    })
}

/// Version, as the database keeps it, and name of every migration that this binary knows.
pub(crate) fn known_migrations() -> Result<Vec<(String, String)>, StoreError> {
    let known: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(failed)?;
    Ok(known
        .iter()
        .map(|migration| (migration.name().version().to_string(), migration.name().to_string()))
        .collect())
}
