use super::{JobState, cancel_many};
use crate::{JobId, StoreError, TenantTx};

/// What a cancellation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It waited, and has ended.
    Ended,
    /// It waited, and what came of a call is not known.
    Dead,
    /// Its worker will be told.
    Requested,
}

/// Cancels a job that waits, or asks the worker of one that runs to stop. Not one that carries out a deletion: what it deletes is hidden already, and would
/// stay in the database for good.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when it has ended, or carries out a deletion.
pub async fn cancel(tx: &mut TenantTx, id: JobId) -> Result<CancelOutcome, StoreError> {
    match cancel_many(tx, &[id]).await?.as_slice() {
        [(_, JobState::Running)] => Ok(CancelOutcome::Requested),
        [(_, JobState::Dead)] => Ok(CancelOutcome::Dead),
        [_, ..] => Ok(CancelOutcome::Ended),
        [] => {
            let job = super::find(tx, id).await?;
            Err(StoreError::Conflict {
                what: if job.state.has_ended() {
                    "the job has ended"
                } else {
                    "the job carries out a deletion, which cannot be called off"
                },
            })
        }
    }
}
