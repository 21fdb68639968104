use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx};
use diesel::sql_types::{Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Who has a unique key now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// The caller's job, which must be created in this transaction.
    Taken,
    /// A job that has not ended.
    Held(JobId),
}

#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = Uuid)]
    job_id: JobId,
}

/// Takes the key for `job`, unless a job that has not ended holds it. Waits for a transaction that is taking it at this moment.
///
/// Whether the holder has ended is a statement of its own: the first may have waited for the holder's transaction, and would look for
/// the holder in a snapshot from before that.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn lock_unique_key(tx: &mut TenantTx, key: &str, job: JobId) -> Result<Lock, StoreError> {
    let holder: Holder = sql_query(
        "INSERT INTO job_locks AS l (tenant_id, unique_key, job_id) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, unique_key) DO UPDATE SET job_id = l.job_id
         RETURNING job_id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(key)
    .bind::<Uuid, _>(job)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    if holder.job_id == job {
        return Ok(Lock::Taken);
    }
    let taken_over = sql_query(
        "UPDATE job_locks l SET job_id = $3 WHERE l.tenant_id = $1 AND l.unique_key = $2
            AND NOT EXISTS (SELECT FROM jobs j WHERE j.tenant_id = $1 AND j.id = ANY(array_append('{}', l.job_id))
                              AND j.state NOT IN ('succeeded', 'dead', 'cancelled'))",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(key)
    .bind::<Uuid, _>(job)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(if taken_over == 1 {
        Lock::Taken
    } else {
        Lock::Held(holder.job_id)
    })
}
