use super::JobState;
use crate::batches::COUNTED;
use crate::prepared::Prepare;
use crate::webhooks::TELL_WEBHOOKS;
use crate::{JobId, StoreError, TenantTx};
use diesel::sql_types::{Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// What a cancellation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It had not started, and never will.
    Cancelled,
    /// Its worker will be told.
    Requested,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    state: JobState,
}

/// Cancels a job that waits, or asks the worker of one that runs to stop. Not one that carries out a deletion: what it deletes is hidden already, and would
/// stay in the database for good.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when it has ended, or carries out a deletion.
pub async fn cancel(tx: &mut TenantTx, id: JobId) -> Result<CancelOutcome, StoreError> {
    let row: Result<Row, _> = sql_query(format!(
        "WITH ended AS (
             UPDATE jobs SET cancel_requested = true, revision = revision + 1,
                    state = CASE WHEN state = 'running' THEN 'running' ELSE 'cancelled' END,
                    finished_at = CASE WHEN state = 'running' THEN NULL ELSE now() END
             WHERE tenant_id = $1 AND id = $2 AND state NOT IN ('succeeded', 'dead', 'cancelled')
               AND NOT EXISTS (SELECT FROM deletions d WHERE d.tenant_id = $1 AND d.id = $2)
             RETURNING *, NULL::jsonb AS result, NULL::jsonb AS error
         ), {COUNTED}, {TELL_WEBHOOKS}
         SELECT state FROM ended",
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await;
    match row {
        Ok(Row {
            state: JobState::Running,
        }) => Ok(CancelOutcome::Requested),
        Ok(_) => Ok(CancelOutcome::Cancelled),
        Err(diesel::result::Error::NotFound) => {
            let job = super::find(tx, id).await?;
            Err(StoreError::Conflict {
                what: if job.state.has_ended() {
                    "the job has ended"
                } else {
                    "the job carries out a deletion, which cannot be called off"
                },
            })
        }
        Err(error) => Err(error.into()),
    }
}
