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

/// Deletes up to `limit` interactive jobs that ended long enough ago; returns how many there were.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep_interactive(system: &System, retention: JobRetention, limit: i64) -> Result<usize, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let deleted = sql_query(
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
    tx.commit().await?;
    Ok(deleted)
}

/// Deletes up to `limit` expired idempotency keys; returns how many there were.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep_idempotency_keys(system: &System, limit: i64) -> Result<usize, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let deleted = sql_query(
        "DELETE FROM idempotency_keys WHERE expires_at < now() AND (tenant_id, route, key) IN (
             SELECT tenant_id, route, key FROM idempotency_keys WHERE expires_at < now() LIMIT $1)",
    )
    .bind::<BigInt, _>(limit)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(deleted)
}

/// Deletes up to `limit` batches that ended long enough ago and have no jobs any more; returns how many there were.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep_batches(system: &System, retention: JobRetention, limit: i64) -> Result<usize, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let deleted = sql_query(
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
    Ok(deleted)
}

/// Drops a week whose time is over, where nothing keeps it; returns how many went.
///
/// # Errors
/// [`StoreError`].
pub async fn drop_partitions(system: &System, retention: JobRetention) -> Result<i32, StoreError> {
    let mut tx = system.begin(Durability::Durable).await?;
    let dropped: Count = sql_query("SELECT drop_job_partitions($1 * interval '1 day') AS count")
        .bind::<Integer, _>(retention.days)
        .get_result(&mut tx.conn)
        .await?;
    tx.commit().await?;
    Ok(dropped.count)
}
