use crate::store::Durability;
use crate::system::SystemTx;
use crate::{StoreError, System};
use diesel::sql_types::{BigInt, Integer};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// What is deleted, and when.
#[derive(Clone, Copy, Debug)]
pub struct JobRetention {
    /// Ended interactive jobs live this long.
    pub interactive_secs: i64,
    /// Whole weeks of jobs that ended well live this long after their week.
    pub days: i32,
}

/// Partitions are made for so many weeks after this one. Each costs every statement that moves jobs: its plan names them all, and they are locked
/// before PostgreSQL sees which of them it needs.
pub const WEEKS_AHEAD: i32 = 3;

/// Makes the partitions of this week and of [`WEEKS_AHEAD`]; returns how many were made.
///
/// # Errors
/// [`StoreError`].
pub async fn create_partitions(system: &System) -> Result<i32, StoreError> {
    let mut tx = system.begin(Durability::Durable).await?;
    let made: Count = sql_query("SELECT create_job_partitions($1) AS count")
        .bind::<Integer, _>(WEEKS_AHEAD)
        .get_result(&mut tx.conn)
        .await?;
    tx.commit().await?;
    Ok(made.count)
}

/// Rows of the job tables that no week has room for, because its partitions were not made in time.
///
/// # Errors
/// [`StoreError`].
pub async fn count_default_rows(system: &System) -> Result<i64, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let stray: BigCount = sql_query("SELECT count_default_job_rows() AS count")
        .get_result(&mut tx.conn)
        .await?;
    tx.commit().await?;
    Ok(stray.count)
}

#[derive(QueryableByName)]
struct BigCount {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Integer)]
    count: i32,
}

/// For a transaction that looks up a few rows each in tables of millions: the planner would rather read those from end to end than look a thousand
/// rows up (it does not see that each lookup is in one partition), and a sweep that finds little costs as much as one that finds all.
pub(crate) async fn prefer_indexes(tx: &mut SystemTx) -> Result<(), StoreError> {
    for setting in ["SET LOCAL enable_hashjoin = off", "SET LOCAL enable_mergejoin = off"] {
        sql_query(setting).execute(&mut tx.conn).await?;
    }
    Ok(())
}

/// Deletes up to `limit` expired interactive jobs, idempotency keys, locks of ended jobs and batches without jobs each, and drops expired
/// partitions; returns how many rows went.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep(system: &System, retention: JobRetention, limit: i64) -> Result<usize, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let jobs = sql_query(
        "WITH gone AS (
             DELETE FROM jobs WHERE id = ANY(ARRAY(
                 SELECT id FROM jobs WHERE interactive AND finished_at < now() - $1 * interval '1 second'
                 ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))
             RETURNING tenant_id, id
         ), attempts AS (
             DELETE FROM job_attempts a USING gone g WHERE a.tenant_id = g.tenant_id AND a.job_id = ANY(array_append('{}', g.id))
         )
         DELETE FROM job_bodies b USING gone g WHERE b.tenant_id = g.tenant_id AND b.job_id = ANY(array_append('{}', g.id))",
    )
    .bind::<BigInt, _>(retention.interactive_secs)
    .bind::<BigInt, _>(limit)
    .execute(&mut tx.conn)
    .await?;
    let keys = sql_query(
        "DELETE FROM idempotency_keys WHERE expires_at < now() AND (tenant_id, route, key) IN (
             SELECT tenant_id, route, key FROM idempotency_keys WHERE expires_at < now() LIMIT $1)",
    )
    .bind::<BigInt, _>(limit)
    .execute(&mut tx.conn)
    .await?;
    // A lock that is taken meanwhile, by another job or by the same once more, is another row, and stays.
    let locks = sql_query(
        "WITH unheld AS MATERIALIZED (
             SELECT tenant_id, unique_key, job_id, l.ctid AS row FROM job_locks l
             WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.id = ANY(array_append('{}', l.job_id)) AND j.state NOT IN ('succeeded', 'dead', 'cancelled'))
             LIMIT $1
         )
         DELETE FROM job_locks l USING unheld u
         WHERE l.tenant_id = u.tenant_id AND l.unique_key = u.unique_key AND l.job_id = u.job_id AND l.ctid = u.row",
    )
    .bind::<BigInt, _>(limit)
    .execute(&mut tx.conn)
    .await?;
    let batches = sql_query(
        "DELETE FROM batches WHERE (tenant_id, id) IN (
             SELECT tenant_id, id FROM batches b WHERE ended_at < now() - $1 * interval '1 day'
                AND NOT EXISTS (SELECT FROM jobs j WHERE j.tenant_id = b.tenant_id AND j.parent_id = b.id)
                AND NOT EXISTS (SELECT FROM jobs j WHERE j.tenant_id = b.tenant_id AND j.id = ANY(array_append('{}', b.id)))
             LIMIT $2)",
    )
    .bind::<Integer, _>(retention.days)
    .bind::<BigInt, _>(limit)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    let mut tx = system.begin(Durability::Durable).await?;
    let dropped: Count = sql_query("SELECT drop_job_partitions($1 * interval '1 day') AS count")
        .bind::<Integer, _>(retention.days)
        .get_result(&mut tx.conn)
        .await?;
    tx.commit().await?;
    tracing::debug!(
        jobs,
        keys,
        locks,
        batches,
        partitions = dropped.count,
        "swept ended jobs"
    );
    Ok(jobs + keys + locks + batches)
}
