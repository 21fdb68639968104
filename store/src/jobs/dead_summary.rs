use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// The newest so many dead letters are summed up; beyond them nobody reads a sum.
pub const SUMMED_UP: i64 = 10_000;
/// So many of one kind and error within an hour are no accident.
const RECURRING: i64 = 5;

/// Dead letters of one kind and error.
#[derive(Clone, Debug, QueryableByName)]
pub struct DeadGroup {
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// `error.code`.
    #[diesel(sql_type = Text)]
    pub error_code: String,
    #[diesel(sql_type = BigInt)]
    pub jobs: i64,
    /// Different payloads among them.
    #[diesel(sql_type = BigInt)]
    pub payloads: i64,
    #[diesel(sql_type = Timestamptz)]
    pub first_failed_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub last_failed_at: DateTime<Utc>,
    /// The newest three.
    #[diesel(sql_type = Array<Uuid>)]
    pub examples: Vec<JobId>,
    /// `kills_workers`: one of them lost every worker that took it, two or more; the examples begin with such. `same_payload`: one payload died more than once within a day. `recurring`: five or more
    /// died within an hour. The first that holds.
    #[diesel(sql_type = Nullable<Text>)]
    pub warning: Option<String>,
}

/// The tenant's dead letters that were not discarded, by kind and error, the most first. Of at most [`SUMMED_UP`] jobs.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn dead_summary(tx: &mut TenantTx) -> Result<Vec<DeadGroup>, StoreError> {
    Ok(sql_query(format!(
        "WITH dead AS (
             SELECT j.id, j.kind, j.run, coalesce(b.error ->> 'code', '') AS error_code, j.finished_at, md5(b.payload::text) AS payload
             FROM jobs j JOIN job_bodies b ON b.tenant_id = j.tenant_id AND b.job_id = j.id
             WHERE j.tenant_id = $1 AND j.state = 'dead' AND j.discarded_at IS NULL ORDER BY j.id DESC LIMIT {SUMMED_UP}
         ), killers AS (
             SELECT a.job_id AS id FROM job_attempts a JOIN dead d ON d.id = a.job_id AND d.run = a.run
             WHERE a.tenant_id = $1 AND d.error_code = 'worker_lost' AND a.outcome <> 'handed_back'
             GROUP BY a.job_id HAVING count(*) > 1 AND bool_and(a.outcome = 'lost')
         ), again AS (
             SELECT DISTINCT kind, error_code FROM dead WHERE finished_at > now() - interval '1 day'
             GROUP BY kind, error_code, payload HAVING count(*) > 1
         )
         SELECT d.kind, d.error_code, count(*) AS jobs, count(DISTINCT d.payload) AS payloads, min(d.finished_at) AS first_failed_at,
                max(d.finished_at) AS last_failed_at, (array_agg(d.id ORDER BY k.id IS NULL, d.id DESC))[1:3] AS examples,
                CASE WHEN count(k.id) > 0 THEN 'kills_workers'
                     WHEN EXISTS (SELECT FROM again a WHERE a.kind = d.kind AND a.error_code = d.error_code) THEN 'same_payload'
                     WHEN count(*) FILTER (WHERE d.finished_at > now() - interval '1 hour') >= {RECURRING} THEN 'recurring' END AS warning
         FROM dead d LEFT JOIN killers k ON k.id = d.id GROUP BY d.kind, d.error_code ORDER BY jobs DESC, d.kind, d.error_code"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
