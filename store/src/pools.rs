//! Worker pools and tenants as an operator sees them.
use crate::jobs::PAUSED_EPOCH;
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::workers::SILENT_AFTER_SECS;
use crate::{StoreError, System, TenantId};
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use std::sync::LazyLock;

/// Waiting jobs are counted up to here: beyond it nobody decides otherwise, and a look stays cheap.
pub const COUNTED: i64 = 100_000;

/// A pool: what waits, what runs, who is alive.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct PoolLoad {
    #[diesel(sql_type = Text)]
    pub pool: String,
    /// Due, and not started, paused ones among them; at most [`COUNTED`], and as many paused ones.
    #[diesel(sql_type = BigInt)]
    pub queued: i64,
    /// Those of them that a pause holds back. One that was offered to a worker before it was paused is among them within a minute or so.
    #[diesel(sql_type = BigInt)]
    pub put_aside: i64,
    /// How long the one that has waited longest could have run; of those that no pause holds back.
    #[diesel(sql_type = Nullable<Double>)]
    pub oldest_queued_secs: Option<f64>,
    /// Of a pool that is paused: those that run all the same.
    #[diesel(sql_type = BigInt)]
    pub forced: i64,
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    /// Leases that have expired and were not taken yet.
    #[diesel(sql_type = BigInt)]
    pub expired: i64,
    /// That live.
    #[diesel(sql_type = BigInt)]
    pub workers: i64,
    /// Jobs that the live workers run at once.
    #[diesel(sql_type = BigInt)]
    pub slots: i64,
    /// Mean time of an attempt, over the latest hundred of each live worker; `None` before the first.
    #[diesel(sql_type = Nullable<Double>)]
    pub service_secs: Option<f64>,
    /// How long the live workers need for what waits and is not paused: `(queued - put_aside) × service_secs ÷ slots`. `None` when nobody lives, or nothing has ended yet.
    #[diesel(sql_type = Nullable<Double>)]
    pub backlog_secs: Option<f64>,
    /// Share of the same attempts that failed.
    #[diesel(sql_type = Nullable<Double>)]
    pub failure_rate: Option<f64>,
    /// The whole pool is paused.
    #[diesel(sql_type = Bool)]
    pub paused: bool,
}

/// A pool, with what is not waiting for a worker.
#[derive(Clone, Debug, Serialize)]
pub struct PoolState {
    #[serde(flatten)]
    pub load: PoolLoad,
    /// Waiting for their time or for their next attempt.
    pub scheduled: i64,
    /// Neither replayed nor discarded.
    pub dead: i64,
}

/// A tenant's part in a pool.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct TenantLoad {
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Text)]
    pub pool: String,
    #[diesel(sql_type = BigInt)]
    pub queued: i64,
    #[diesel(sql_type = Nullable<Double>)]
    pub oldest_queued_secs: Option<f64>,
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    /// Attempts of the tenant in this pool that ended within the last minute.
    #[diesel(sql_type = BigInt)]
    pub ended_last_minute: i64,
    /// Those of them that failed, or lost their worker.
    #[diesel(sql_type = BigInt)]
    pub failed_last_minute: i64,
}

/// Waits for a worker, and was not put aside for a pause. Each in an index of its own.
static RUNNABLE: LazyLock<String> =
    LazyLock::new(|| format!("j.state = 'queued' AND j.dispatch_epoch IS DISTINCT FROM '{PAUSED_EPOCH}'"));
static PUT_ASIDE: LazyLock<String> =
    LazyLock::new(|| format!("j.state = 'queued' AND j.dispatch_epoch = '{PAUSED_EPOCH}'"));

/// The load of each of `pools`: cheap enough for a gauge. It reads index entries, of at most twice [`COUNTED`] jobs a pool, and as many rows as there are
/// workers and running jobs.
///
/// # Errors
/// [`StoreError`].
pub async fn loads(system: &System, pools: &[&str]) -> Result<Vec<PoolLoad>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let loads = sql_query(format!(
        "SELECT p.pool, q.queued + a.put_aside AS queued, a.put_aside, o.oldest_queued_secs, r.running, r.expired, w.workers, w.slots, w.service_secs, w.failure_rate,
                CASE WHEN q.queued = 0 THEN 0 ELSE q.queued * w.service_secs / nullif(w.slots, 0) END AS backlog_secs, h.paused, f.forced
         FROM unnest($1::text[]) WITH ORDINALITY AS p (pool, place)
         CROSS JOIN LATERAL (SELECT count(*) AS queued FROM (
             SELECT FROM jobs j WHERE j.pool = p.pool AND {RUNNABLE} LIMIT {COUNTED}) counted) q
         CROSS JOIN LATERAL (SELECT count(*) AS put_aside FROM (
             SELECT FROM jobs j WHERE j.pool = p.pool AND {PUT_ASIDE} LIMIT {COUNTED}) counted) a
         CROSS JOIN LATERAL (SELECT greatest(0, extract(epoch FROM now() - (
             SELECT j.run_at FROM jobs j WHERE j.pool = p.pool AND {RUNNABLE} ORDER BY j.run_at LIMIT 1)))::float8 AS oldest_queued_secs
             WHERE q.queued > 0 UNION ALL SELECT NULL WHERE q.queued = 0) o
         CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM operator_pauses o WHERE o.pool = p.pool AND o.kind IS NULL) AS paused) h
         CROSS JOIN LATERAL (SELECT count(*) AS forced FROM jobs j WHERE h.paused AND j.pool = p.pool AND {RUNNABLE} AND j.forced) f
         CROSS JOIN LATERAL (SELECT count(*) AS running, count(*) FILTER (WHERE lease_until < now()) AS expired
                             FROM jobs j WHERE j.pool = p.pool AND j.state = 'running') r
         CROSS JOIN LATERAL (SELECT count(*) AS workers, coalesce(sum(slots), 0) AS slots,
                                    (sum(recent_busy_us) / 1e6 / nullif(sum(recent_ended), 0))::float8 AS service_secs,
                                    sum(recent_failed)::float8 / nullif(sum(recent_ended), 0) AS failure_rate
                             FROM workers w WHERE w.pool = p.pool AND w.seen_at > now() - $2 * interval '1 second') w
         ORDER BY p.place",
        RUNNABLE = *RUNNABLE,
        PUT_ASIDE = *PUT_ASIDE,
    ))
    .bind::<Array<Text>, _>(pools)
    .bind::<Integer, _>(SILENT_AFTER_SECS)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(loads)
}

/// The state of each of `pools`. Also counts, all of them, the jobs that are delayed (an index entry each) or dead (a row each): for a person who
/// looks, not for a gauge.
///
/// # Errors
/// [`StoreError`].
pub async fn states(system: &System, pools: &[&str]) -> Result<Vec<PoolState>, StoreError> {
    #[derive(QueryableByName)]
    struct Aside {
        #[diesel(sql_type = BigInt)]
        scheduled: i64,
        #[diesel(sql_type = BigInt)]
        dead: i64,
    }
    let loads = loads(system, pools).await?;
    let mut tx = system.begin_survey().await?;
    let asides: Vec<Aside> = sql_query(
        "WITH waiting AS (SELECT pool, count(*) AS jobs FROM (
                  SELECT pool FROM jobs WHERE state = 'retryable' OR state = 'scheduled' AND NOT awaits_batch
                  UNION ALL SELECT pool FROM jobs WHERE state = 'scheduled' AND awaits_batch) w GROUP BY pool),
              dead AS (SELECT pool, count(*) AS jobs FROM jobs WHERE state = 'dead' AND discarded_at IS NULL GROUP BY pool)
         SELECT coalesce(w.jobs, 0) AS scheduled, coalesce(d.jobs, 0) AS dead
         FROM unnest($1::text[]) WITH ORDINALITY AS p (pool, place) LEFT JOIN waiting w USING (pool) LEFT JOIN dead d USING (pool) ORDER BY p.place",
    )
    .bind::<Array<Text>, _>(pools)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    let states = loads.into_iter().zip(asides);
    Ok(states
        .map(|(load, aside)| PoolState {
            load,
            scheduled: aside.scheduled,
            dead: aside.dead,
        })
        .collect())
}

/// The `limit` tenants and pools with the most jobs that wait or run. Reads an index entry of each job that waits: for a person who looks, not for
/// a gauge.
///
/// # Errors
/// [`StoreError`].
pub async fn tenants(system: &System, limit: i64) -> Result<Vec<TenantLoad>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let loads = sql_query(format!(
        "WITH live AS (
             SELECT pool, tenant_id, count(*) AS queued, min(run_at) AS oldest, 0 AS running FROM jobs j WHERE {RUNNABLE} GROUP BY 1, 2
             UNION ALL
             SELECT pool, tenant_id, count(*), NULL, 0 FROM jobs j WHERE {PUT_ASIDE} GROUP BY 1, 2
             UNION ALL
             SELECT pool, tenant_id, 0, NULL, count(*) FROM jobs WHERE state = 'running' GROUP BY 1, 2
         ), busiest AS (
             SELECT pool, tenant_id, sum(queued)::bigint AS queued, min(oldest) AS oldest, sum(running)::bigint AS running
             FROM live GROUP BY 1, 2 ORDER BY 3 DESC, 5 DESC, 2 LIMIT $1
         ), attempts AS (
             SELECT a.tenant_id, j.pool, count(*) AS ended, count(*) FILTER (WHERE a.outcome IN ('failed', 'lost')) AS failed
             FROM job_attempts a JOIN jobs j ON j.tenant_id = a.tenant_id AND j.id = a.job_id
             WHERE a.ended_at > now() - interval '1 minute' GROUP BY 1, 2
         )
         SELECT b.tenant_id, b.pool, b.queued, b.running, greatest(0, extract(epoch FROM now() - b.oldest))::float8 AS oldest_queued_secs,
                coalesce(a.ended, 0) AS ended_last_minute, coalesce(a.failed, 0) AS failed_last_minute
         FROM busiest b LEFT JOIN attempts a USING (tenant_id, pool) ORDER BY b.queued DESC, b.running DESC, b.tenant_id",
        RUNNABLE = *RUNNABLE,
        PUT_ASIDE = *PUT_ASIDE,
    ))
    .bind::<BigInt, _>(limit)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(loads)
}

/// Jobs of one tenant and kind in a pool.
#[derive(Clone, Debug, QueryableByName)]
pub struct KindLoad {
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// That wait and are not paused; of at most [`COUNTED`] of the pool.
    #[diesel(sql_type = BigInt)]
    pub queued: i64,
    #[diesel(sql_type = BigInt)]
    pub running: i64,
}

/// What waits and runs in a pool, by tenant and kind: for whoever asks what limits let run. Reads a row of each job that waits, of at most [`COUNTED`].
///
/// # Errors
/// [`StoreError`].
pub async fn kinds(system: &System, pool: &str) -> Result<Vec<KindLoad>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let loads = sql_query(format!(
        "SELECT tenant_id, kind, sum(queued)::bigint AS queued, sum(running)::bigint AS running FROM (
             SELECT tenant_id, kind, count(*) AS queued, 0 AS running
             FROM (SELECT tenant_id, kind FROM jobs j WHERE j.pool = $1 AND {RUNNABLE} LIMIT {COUNTED}) counted GROUP BY 1, 2
             UNION ALL
             SELECT tenant_id, kind, 0, count(*) FROM jobs WHERE pool = $1 AND state = 'running' GROUP BY 1, 2) live
         GROUP BY 1, 2",
        RUNNABLE = *RUNNABLE,
    ))
    .bind::<Text, _>(pool)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(loads)
}
