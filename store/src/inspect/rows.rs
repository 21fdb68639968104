use super::{Line, lines};
use crate::jobs::{PAUSED_EPOCH, SERVER_LIFE, free_kinds};
use crate::{JobId, StoreError, System};
use diesel::sql_types::{BigInt, Double, Integer, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// At most so many are looked at: that many mean "at least that many".
pub const LOOKED_AT: usize = 10_000;

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

/// Running jobs whose lease ended more than `secs` ago.
///
/// # Errors
/// [`StoreError`].
pub async fn expired_leases(system: &System, secs: f64) -> Result<Vec<JobId>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found: Vec<Id> = sql_query(format!(
        "SELECT id FROM jobs WHERE state = 'running' AND lease_until < now() - $1 * interval '1 second' ORDER BY id LIMIT {LOOKED_AT}"
    ))
    .bind::<Double, _>(secs)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(found.into_iter().map(|row| row.id).collect())
}

/// Jobs that Redis should have been offered under `epoch` and was not: due more than `secs` ago and still waiting for their time, queued under
/// no or another epoch, or put aside for a pause that has ended. Each may just be on its way: whoever asks looks twice.
///
/// # Errors
/// [`StoreError`].
pub async fn undispatched(system: &System, epoch: &str, secs: f64) -> Result<Vec<JobId>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let free = free_kinds();
    let found: Vec<Id> = sql_query(format!(
        "WITH free AS MATERIALIZED ({free}), this AS MATERIALIZED (SELECT $1 || '@' || {SERVER_LIFE} AS epoch), found AS (
             SELECT id FROM jobs WHERE state = 'scheduled' AND NOT awaits_batch AND run_at < now() - $2 * interval '1 second'
             UNION ALL SELECT id FROM jobs WHERE state = 'retryable' AND run_at < now() - $2 * interval '1 second'
             UNION ALL SELECT id FROM jobs WHERE state = 'queued' AND dispatch_epoch IS NULL
                       AND coalesce(dispatched_at, '-infinity') < now() - $2 * interval '1 second'
             UNION ALL SELECT id FROM jobs WHERE state = 'queued' AND dispatch_epoch < (SELECT epoch FROM this)
             UNION ALL SELECT id FROM jobs WHERE state = 'queued' AND dispatch_epoch > (SELECT epoch FROM this) AND dispatch_epoch < '{PAUSED_EPOCH}'
             UNION ALL SELECT j.id FROM jobs j JOIN free f USING (tenant_id, pool, kind, forced)
                       WHERE j.state = 'queued' AND j.dispatch_epoch = '{PAUSED_EPOCH}'
         )
         SELECT id FROM found ORDER BY id LIMIT {LOOKED_AT}"
    ))
    .bind::<Text, _>(epoch)
    .bind::<Double, _>(secs)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(found.into_iter().map(|row| row.id).collect())
}

/// Unique keys that are held for a job which ended more than `secs` ago, or which is not there: `tenant key`. The next job with such a key takes
/// it over; they only lie about.
///
/// # Errors
/// [`StoreError`].
pub async fn dead_locks(system: &System, secs: f64) -> Result<Vec<String>, StoreError> {
    listed(
        system,
        // OFFSET 0: each job is looked up, in its partition, instead of all jobs being read.
        "SELECT l.tenant_id || ' ' || l.unique_key AS line FROM job_locks l
         LEFT JOIN LATERAL (SELECT id, finished_at FROM jobs WHERE id = l.job_id OFFSET 0) j ON true
         WHERE j.id IS NULL OR j.finished_at < now() - $1 * interval '1 second' ORDER BY 1",
        secs,
    )
    .await
}

/// Idempotency keys that expired more than `secs` ago: `tenant route key`.
///
/// # Errors
/// [`StoreError`].
pub async fn overdue_idempotency_keys(system: &System, secs: f64) -> Result<Vec<String>, StoreError> {
    listed(
        system,
        "SELECT tenant_id || ' ' || route || ' ' || key AS line FROM idempotency_keys
         WHERE expires_at < now() - $1 * interval '1 second' ORDER BY 1",
        secs,
    )
    .await
}

/// Searches and answers that ended more than `secs` ago and are still there: their ids.
///
/// # Errors
/// [`StoreError`].
pub async fn overdue_interactive_jobs(system: &System, secs: f64) -> Result<Vec<String>, StoreError> {
    listed(
        system,
        "SELECT id::text AS line FROM jobs WHERE interactive AND finished_at < now() - $1 * interval '1 second' ORDER BY 1",
        secs,
    )
    .await
}

/// What keeps weeks of jobs for longer than `days` after them: `week tenant state: jobs`, the oldest week first. As the upkeep decides it.
///
/// # Errors
/// [`StoreError`].
pub async fn kept_weeks(system: &System, days: i32) -> Result<Vec<String>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found: Vec<Line> = sql_query(
        "WITH over AS MATERIALIZED (
             SELECT uuid_of_instant(date_trunc('week', (now() - $1 * interval '1 day' - interval '8 days') AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '7 days') AS before
         ), keeping AS (
             SELECT tableoid AS week, tenant_id, state FROM jobs WHERE state = 'queued' AND id < (SELECT before FROM over)
             UNION ALL SELECT tableoid, tenant_id, state FROM jobs WHERE state = 'running' AND id < (SELECT before FROM over)
             UNION ALL SELECT tableoid, tenant_id, state FROM jobs WHERE state = 'retryable' AND id < (SELECT before FROM over)
             UNION ALL SELECT tableoid, tenant_id, state FROM jobs WHERE state = 'scheduled' AND NOT awaits_batch AND id < (SELECT before FROM over)
             UNION ALL SELECT tableoid, tenant_id, state FROM jobs WHERE state = 'scheduled' AND awaits_batch AND id < (SELECT before FROM over)
             UNION ALL SELECT tableoid, tenant_id, state FROM jobs WHERE state = 'dead' AND discarded_at IS NULL AND id < (SELECT before FROM over)
         )
         SELECT substr(c.relname, 6) || ' ' || k.tenant_id || ' ' || k.state || ': ' || count(*) AS line
         FROM keeping k JOIN pg_class c ON c.oid = k.week GROUP BY c.relname, k.tenant_id, k.state
         ORDER BY 1 LIMIT $2",
    )
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(i64::try_from(LOOKED_AT).unwrap_or(i64::MAX))
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(lines(found))
}

async fn listed(system: &System, sql: &str, secs: f64) -> Result<Vec<String>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found: Vec<Line> = sql_query(format!("{sql} LIMIT $2"))
        .bind::<Double, _>(secs)
        .bind::<BigInt, _>(i64::try_from(LOOKED_AT).unwrap_or(i64::MAX))
        .load(&mut tx.conn)
        .await?;
    tx.commit().await?;
    Ok(lines(found))
}

/// Jobs that lost more than one worker, the last within an hour: `id kind of tenant: n workers`.
///
/// # Errors
/// [`StoreError`].
pub async fn suspects(system: &System) -> Result<Vec<String>, StoreError> {
    listed(
        system,
        "SELECT a.job_id || ' ' || j.kind || ' of ' || a.tenant_id || ': ' || count(*) || ' workers' AS line
         FROM job_attempts a JOIN jobs j ON j.id = a.job_id
         WHERE a.ended_at > now() - $1 * interval '1 second' AND a.outcome = 'lost' AND a.run = j.run
           AND NOT (j.state = 'dead' AND j.discarded_at IS NOT NULL)
         GROUP BY a.job_id, j.kind, a.tenant_id HAVING count(*) > 1 ORDER BY 1",
        3600.0,
    )
    .await
}
