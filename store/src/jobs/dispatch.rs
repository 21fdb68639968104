use crate::pauses::IS_PAUSED;
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{JobId, KnowledgeBaseId, StoreError, System, TenantId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Two reconcilers at once would do no harm, only work twice.
const DISPATCH_LOCK: i64 = 7_305_003;

/// What the dispatch index holds of a job.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Dispatchable {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Text)]
    pub pool: String,
    #[diesel(sql_type = SmallInt)]
    pub priority: i16,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Array<Uuid>)]
    pub knowledge_base_ids: Vec<KnowledgeBaseId>,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// To be pushed.
    pub jobs: Vec<Dispatchable>,
    /// With those that were put aside: as many as asked for means that there may be more.
    pub looked_at: usize,
}

#[derive(QueryableByName)]
struct MarkedRow {
    #[diesel(embed)]
    job: Dispatchable,
    #[diesel(sql_type = Bool)]
    paused: bool,
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
    #[diesel(sql_type = Text)]
    life: String,
}

/// Names this life of the server: a crash may have forgotten claims, of jobs that Redis has no more. After a crash that the postmaster itself
/// survived, only the statistics begin anew.
pub(crate) const SERVER_LIFE: &str = "extract(epoch FROM pg_postmaster_start_time())::text || '/'
    || coalesce((SELECT extract(epoch FROM stats_reset)::text FROM pg_stat_bgwriter), '')";

/// Stands for the epoch of jobs that are paused: greater than any real one, which begin with a hexadecimal digit.
pub(crate) const PAUSED_EPOCH: &str = "paused";

/// How long a new job is left to whoever made it, who pushes it after the commit. Marking every job that waits would write each row once more
/// just when there is most to do.
pub(crate) const PUSH_GRACE_SECS: f64 = 2.0;

/// Marks up to `limit` jobs of these pools as dispatched under `epoch` and returns them, to be pushed after this has committed: jobs that are due by
/// the database's clock; queued jobs that were never dispatched (new ones after a grace of two seconds), or under another epoch (Redis was wiped
/// or restarted) or before Postgres was started. Paused ones are put aside instead, so that a large paused backlog is looked at once and not at every tick.
/// Jobs of other pools are left to the processes of a newer version that know them. Each row is written once: whether Redis still has what it was offered is asked by [`offered_before`].
/// `None`: another process is at it.
///
/// # Errors
/// [`StoreError`].
pub async fn mark_for_dispatch(
    system: &System,
    epoch: &str,
    pools: &[&str],
    limit: i64,
) -> Result<Option<Marked>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let Locked { locked, life } = sql_query(format!(
        "SELECT pg_try_advisory_xact_lock($1) AS locked, {SERVER_LIFE} AS life"
    ))
    .bind::<BigInt, _>(DISPATCH_LOCK)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    if !locked {
        tx.roll_back().await?;
        return Ok(None);
    }
    let epoch = format!("{epoch}@{life}");
    // Index ranges instead of one condition: each finds nothing in no time when there is nothing to find. Planned each time: a plan that was made
    // for an empty week takes any of its indexes, and then reads all that waits, five times a tick.
    let marked: Vec<MarkedRow> = sql_query(format!(
        "WITH due AS (
             (SELECT id FROM jobs WHERE state = 'scheduled' AND NOT awaits_batch AND run_at <= now() AND pool = ANY($3) ORDER BY run_at LIMIT $2)
             UNION ALL (SELECT id FROM jobs WHERE state = 'retryable' AND run_at <= now() AND pool = ANY($3) ORDER BY run_at LIMIT $2)
             UNION ALL (SELECT id FROM jobs WHERE state = 'queued' AND dispatch_epoch IS NULL AND dispatched_at IS NULL AND pool = ANY($3) LIMIT $2)
             UNION ALL (SELECT id FROM jobs WHERE state = 'queued' AND dispatch_epoch IS NULL
                          AND dispatched_at < now() - {PUSH_GRACE_SECS} * interval '1 second' AND pool = ANY($3) LIMIT $2)
             UNION ALL (SELECT id FROM jobs WHERE state = 'queued' AND dispatch_epoch < $1 AND pool = ANY($3) LIMIT $2)
             UNION ALL (SELECT id FROM jobs WHERE state = 'queued' AND dispatch_epoch > $1 AND dispatch_epoch < '{PAUSED_EPOCH}' AND pool = ANY($3) LIMIT $2)
         ), chosen AS (
             SELECT id FROM jobs WHERE id = ANY(ARRAY(SELECT id FROM due LIMIT $2)) AND state IN ('scheduled', 'retryable', 'queued')
             ORDER BY id FOR UPDATE SKIP LOCKED
         )
         UPDATE jobs j SET revision = CASE WHEN state = 'queued' THEN revision ELSE revision + 1 END, state = 'queued',
                dispatch_epoch = CASE WHEN {IS_PAUSED} THEN '{PAUSED_EPOCH}' ELSE $1 END, dispatched_at = now()
         WHERE j.id = ANY(ARRAY(SELECT id FROM chosen))
         RETURNING j.id, j.tenant_id, j.pool, j.priority, j.kind, j.knowledge_base_ids,
                   j.dispatch_epoch = '{PAUSED_EPOCH}' AS paused",
    ))
    .bind::<Text, _>(epoch)
    .bind::<BigInt, _>(limit)
    .bind::<Array<Text>, _>(pools)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    let looked_at = marked.len();
    let jobs = marked
        .into_iter()
        .filter(|row| !row.paused)
        .map(|row| row.job)
        .collect();
    Ok(Some(Marked { jobs, looked_at }))
}

/// A job that Redis was offered, and that waits.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Offered {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Text)]
    pub pool: String,
    #[diesel(sql_type = Timestamptz)]
    pub dispatched_at: DateTime<Utc>,
}

/// Up to `limit` of the jobs that wait and were offered under `epoch` more than `age_ms` ago, those that were first; behind `after`, where the last look ended.
/// Nothing is written: however much waits, looking costs no more than reading.
///
/// # Errors
/// [`StoreError`].
pub async fn offered_before(
    system: &System,
    epoch: &str,
    age_ms: i64,
    after: Option<&Offered>,
    limit: i64,
) -> Result<Vec<Offered>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let offered = sql_query(format!(
        "SELECT id, pool, dispatched_at FROM jobs
         WHERE state = 'queued' AND dispatch_epoch = $1 || '@' || {SERVER_LIFE} AND dispatched_at < now() - $2 * interval '1 millisecond'
           AND dispatched_at >= coalesce($3, '-infinity') AND ($3 IS NULL OR (dispatched_at, id) > ($3, $4))
         ORDER BY dispatched_at, id LIMIT $5"
    ))
    .bind::<Text, _>(epoch)
    .bind::<BigInt, _>(age_ms)
    .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.dispatched_at))
    .bind::<Nullable<Uuid>, _>(after.map(|after| after.id))
    .bind::<BigInt, _>(limit)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(offered)
}

/// Every job that runs, of all tenants: as many as there are slots.
///
/// # Errors
/// [`StoreError`].
pub async fn running(system: &System) -> Result<Vec<Dispatchable>, StoreError> {
    let mut conn = system.checkout().await?;
    Ok(
        sql_query("SELECT id, tenant_id, pool, priority, kind, knowledge_base_ids FROM jobs WHERE state = 'running'")
            .prepared()
            .load(&mut conn)
            .await?,
    )
}

/// Takes back what [`mark_for_dispatch`] said of these jobs: Redis did not take them, so that the next tick offers them again.
///
/// # Errors
/// [`StoreError`]; they are offered again when it is found that Redis lacks them.
pub async fn unmark_dispatch(system: &System, ids: &[JobId]) -> Result<(), StoreError> {
    let (Some(smallest), Some(largest)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(());
    };
    let mut tx = system.begin(Durability::Relaxed).await?;
    sql_query(
        "WITH marked AS (
             SELECT id FROM jobs WHERE id = ANY($1) AND id BETWEEN $2 AND $3 AND state = 'queued' ORDER BY id FOR UPDATE SKIP LOCKED
         )
         UPDATE jobs j SET dispatch_epoch = NULL, dispatched_at = NULL WHERE j.id = ANY(ARRAY(SELECT id FROM marked)) AND j.id BETWEEN $2 AND $3",
    )
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Uuid, _>(*smallest)
    .bind::<Uuid, _>(*largest)
    .prepared().execute(&mut tx.conn)
    .await?;
    tx.commit().await
}
