use crate::{Owner, StoreError};
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncMigrationHarness, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// Any number that no other lock of this database uses.
const MIGRATION_LOCK: i64 = 7_305_001;

/// Applies what has not been applied, one process at a time, and returns the names of what it applied.
///
/// # Errors
/// [`StoreError::Migration`] names the migration that failed; each runs in a transaction of its own.
pub async fn migrate(mut owner: Owner) -> Result<Vec<String>, StoreError> {
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<BigInt, _>(MIGRATION_LOCK)
        .execute(&mut owner.conn)
        .await?;
    // The harness blocks its thread while it drives the connection; the lock goes with the connection.
    let mut harness = AsyncMigrationHarness::new(owner.conn);
    tokio::task::block_in_place(|| {
        let applied = harness
            .run_pending_migrations(MIGRATIONS)
            .map_err(|error| StoreError::Migration(error.to_string()))?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
}

/// The migrations that this binary knows and the database lacks.
///
/// # Errors
/// [`StoreError::Migration`] when the database cannot say.
pub async fn pending_migrations(owner: Owner) -> Result<Vec<String>, StoreError> {
    let mut harness = AsyncMigrationHarness::new(owner.conn);
    tokio::task::block_in_place(|| {
        let pending = harness
            .pending_migrations(MIGRATIONS)
            .map_err(|error| StoreError::Migration(error.to_string()))?;
        Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
    })
}

/// Version, as the database keeps it, and name of every migration that this binary knows.
pub(crate) fn known_migrations() -> Result<Vec<(String, String)>, StoreError> {
    let known: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS
        .migrations()
        .map_err(|error| StoreError::Migration(error.to_string()))?;
    Ok(known
        .iter()
        .map(|migration| (migration.name().version().to_string(), migration.name().to_string()))
        .collect())
}
