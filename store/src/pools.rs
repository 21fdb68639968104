//! Worker pools as an operator sees them.
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::workers::SILENT_AFTER_SECS;
use crate::{StoreError, System};
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::Serialize;

/// A pool: what waits, what runs, who is alive.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct PoolState {
    #[diesel(sql_type = Text)]
    pub pool: String,
    /// Due, and not started.
    #[diesel(sql_type = BigInt)]
    pub queued: i64,
    /// How long the one that has waited longest could have run.
    #[diesel(sql_type = Nullable<Double>)]
    pub oldest_queued_secs: Option<f64>,
    /// Waiting for their time or for their next attempt.
    #[diesel(sql_type = BigInt)]
    pub scheduled: i64,
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    /// Leases that have expired and were not taken yet.
    #[diesel(sql_type = BigInt)]
    pub expired: i64,
    #[diesel(sql_type = BigInt)]
    pub dead: i64,
    #[diesel(sql_type = BigInt)]
    pub workers: i64,
    #[diesel(sql_type = BigInt)]
    pub slots: i64,
    /// The whole pool is paused.
    #[diesel(sql_type = Bool)]
    pub paused: bool,
}

/// The state of each of `pools`. Reads every job that has not ended well.
///
/// # Errors
/// [`StoreError`].
pub async fn states(system: &System, pools: &[&str]) -> Result<Vec<PoolState>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let states = sql_query(
        "SELECT p.pool,
                (SELECT count(*) FROM jobs j WHERE j.pool = p.pool AND j.state = 'queued') AS queued,
                (SELECT extract(epoch FROM now() - min(run_at))::float8 FROM jobs j WHERE j.pool = p.pool AND j.state = 'queued') AS oldest_queued_secs,
                (SELECT count(*) FROM jobs j WHERE j.pool = p.pool AND j.state IN ('scheduled', 'retryable')) AS scheduled,
                r.running, r.expired,
                (SELECT count(*) FROM jobs j WHERE j.pool = p.pool AND j.state = 'dead') AS dead,
                w.workers, w.slots,
                EXISTS (SELECT FROM operator_pauses o WHERE o.pool = p.pool AND o.kind IS NULL) AS paused
         FROM unnest($1::text[]) WITH ORDINALITY AS p (pool, place)
         CROSS JOIN LATERAL (SELECT count(*) AS running, count(*) FILTER (WHERE lease_until < now()) AS expired
                             FROM jobs j WHERE j.pool = p.pool AND j.state = 'running') r
         CROSS JOIN LATERAL (SELECT count(*) AS workers, coalesce(sum(slots), 0) AS slots FROM workers w
                             WHERE w.pool = p.pool AND w.seen_at > now() - $2 * interval '1 second') w
         ORDER BY p.place",
    )
    .bind::<Array<Text>, _>(pools)
    .bind::<Integer, _>(SILENT_AFTER_SECS)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(states)
}
