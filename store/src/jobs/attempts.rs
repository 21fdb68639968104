use super::{Job, JobState};
use crate::connection::Connection;
use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantId, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::collections::HashMap;

/// One attempt that has ended.
#[derive(Clone, Debug, QueryableByName)]
pub struct Attempt {
    #[diesel(sql_type = Uuid)]
    pub job_id: JobId,
    #[diesel(sql_type = Integer)]
    pub run: i32,
    #[diesel(sql_type = SmallInt)]
    pub attempt: i16,
    #[diesel(sql_type = Text)]
    pub worker: String,
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub ended_at: DateTime<Utc>,
    /// `succeeded`, `failed`, `cancelled`, `lost` (the worker fell silent) or `handed_back` (it was shut down, or the database was away until its lease was over).
    #[diesel(sql_type = Text)]
    pub outcome: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub error: Option<Value>,
}

/// The newest of a job's attempts, as many as are shown: one that is handed back in each of many rollouts has more.
const SHOWN: i64 = 100;

/// The attempts that had ended when the jobs were read, oldest first; of each job the newest hundred.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn attempts_of(tx: &mut TenantTx, jobs: &[Job]) -> Result<Vec<Attempt>, StoreError> {
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    Ok(known_to(jobs, attempts(&tx.conn, tx.tenant, &ids).await?))
}

/// Those of the attempts that had ended when their job was read. Attempts are read after the jobs, which go on meanwhile: one that is still the
/// current one of its job, or that began since, would be shown beside a job that knows nothing of it.
pub(super) fn known_to(jobs: &[Job], mut attempts: Vec<Attempt>) -> Vec<Attempt> {
    let jobs: HashMap<JobId, &Job> = jobs.iter().map(|job| (job.id, job)).collect();
    attempts.retain(|attempt| jobs.get(&attempt.job_id).is_some_and(|job| had_ended(attempt, job)));
    attempts
}

/// A job names when its newest attempt began until the next one does.
fn had_ended(attempt: &Attempt, job: &Job) -> bool {
    let (this, newest) = (
        (attempt.run, Some(attempt.started_at)),
        (job.run, job.attempt_started_at),
    );
    if job.state == JobState::Running {
        this < newest
    } else {
        this <= newest
    }
}

pub(super) async fn attempts(
    mut conn: &Connection,
    tenant: TenantId,
    jobs: &[JobId],
) -> Result<Vec<Attempt>, StoreError> {
    let sql = "SELECT job_id, run, attempt, worker, started_at, ended_at, outcome, error FROM (
                   SELECT *, row_number() OVER (PARTITION BY job_id ORDER BY run DESC, started_at DESC) AS nth FROM job_attempts
                   WHERE tenant_id = $1 AND job_id = ANY($2)) newest
               WHERE nth <= $3 ORDER BY job_id, run, started_at";
    Ok(sql_query(sql)
        .bind::<Uuid, _>(tenant)
        .bind::<Array<Uuid>, _>(jobs)
        .bind::<BigInt, _>(SHOWN)
        .prepared()
        .load(&mut conn)
        .await?)
}

/// Where an attempt stands among those of its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptPlace {
    pub run: i32,
    pub started_at: DateTime<Utc>,
}

/// A page of the ended attempts of a job, the newest first; `before` is where the page before it ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_attempts(
    tx: &mut TenantTx,
    job: JobId,
    before: Option<AttemptPlace>,
    limit: i64,
) -> Result<Vec<Attempt>, StoreError> {
    let sql = "SELECT job_id, run, attempt, worker, started_at, ended_at, outcome, error FROM job_attempts
               WHERE tenant_id = $1 AND job_id = $2 AND ($3 IS NULL OR (run, started_at) < ($3, $4))
               ORDER BY run DESC, started_at DESC LIMIT $5";
    Ok(sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(job)
        .bind::<Nullable<Integer>, _>(before.map(|place| place.run))
        .bind::<Nullable<Timestamptz>, _>(before.map(|place| place.started_at))
        .bind::<BigInt, _>(limit)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}
