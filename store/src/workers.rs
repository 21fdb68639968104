//! Which workers are alive: each writes itself down while it lives.
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{StoreError, System};
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Text};
use diesel_async::RunQueryDsl;

/// How often a worker says that it is alive.
pub const SEEN_EVERY_SECS: u64 = 5;
/// A worker that has not said so for this long is taken for dead.
pub const SILENT_AFTER_SECS: i32 = 15;

/// What a worker says of itself.
#[derive(Clone, Debug)]
pub struct Sighting {
    pub name: String,
    pub pool: String,
    pub host: String,
    pub version: String,
    /// Jobs it can run at once.
    pub slots: i32,
    /// How many of those are for tenants that hold no other.
    pub reserved: i32,
    /// Jobs it runs now.
    pub running: i32,
    /// Of its latest attempts: how many succeeded or failed, how many failed, how long they took together.
    pub recent_ended: i32,
    pub recent_failed: i32,
    pub recent_busy_us: i64,
}

/// Writes down that these workers are alive, and forgets those that have been silent for an hour.
///
/// # Errors
/// [`StoreError`].
pub async fn seen(system: &System, workers: &[Sighting]) -> Result<(), StoreError> {
    let texts = |of: fn(&Sighting) -> &str| workers.iter().map(of).collect::<Vec<_>>();
    let numbers = |of: fn(&Sighting) -> i32| workers.iter().map(of).collect::<Vec<_>>();
    let mut tx = system.begin(Durability::Relaxed).await?;
    sql_query(
        "WITH silent AS (DELETE FROM workers WHERE seen_at < now() - interval '1 hour')
         INSERT INTO workers AS w (name, pool, host, version, slots, reserved, running, recent_ended, recent_failed, recent_busy_us)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::bigint[])
         ON CONFLICT (name) DO UPDATE SET running = excluded.running, recent_ended = excluded.recent_ended,
             recent_failed = excluded.recent_failed, recent_busy_us = excluded.recent_busy_us, seen_at = now()",
    )
    .bind::<Array<Text>, _>(texts(|worker| &worker.name))
    .bind::<Array<Text>, _>(texts(|worker| &worker.pool))
    .bind::<Array<Text>, _>(texts(|worker| &worker.host))
    .bind::<Array<Text>, _>(texts(|worker| &worker.version))
    .bind::<Array<Integer>, _>(numbers(|worker| worker.slots))
    .bind::<Array<Integer>, _>(numbers(|worker| worker.reserved))
    .bind::<Array<Integer>, _>(numbers(|worker| worker.running))
    .bind::<Array<Integer>, _>(numbers(|worker| worker.recent_ended))
    .bind::<Array<Integer>, _>(numbers(|worker| worker.recent_failed))
    .bind::<Array<BigInt>, _>(workers.iter().map(|worker| worker.recent_busy_us).collect::<Vec<_>>())
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await
}

/// Forgets workers that have ended.
///
/// # Errors
/// [`StoreError`].
pub async fn gone(system: &System, names: &[String]) -> Result<(), StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    sql_query("DELETE FROM workers WHERE name = ANY($1)")
        .bind::<Array<Text>, _>(names)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    tx.commit().await
}
