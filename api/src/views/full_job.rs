use crate::extract::Caller;
use crate::{ApiState, Problem};
use store::jobs::{Attempt, Job};
use store::{JobId, TenantTx};

/// A job with the attempts at it that have ended, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct FullJob {
    pub(crate) job: Job,
    pub(crate) attempts: Vec<Attempt>,
}

impl FullJob {
    /// As the caller may see it.
    ///
    /// # Errors
    /// [`Problem`]; not found also when the caller may not see the job.
    pub(crate) async fn read(state: &ApiState, caller: &Caller, id: JobId) -> Result<Self, Problem> {
        state
            .store
            .read_by_id(caller.tenant(), async move |tx| Self::find(tx, caller, id).await)
            .await
    }

    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) async fn find(tx: &mut TenantTx, caller: &Caller, id: JobId) -> Result<Self, Problem> {
        let (mut job, attempts) = store::jobs::find_with_attempts(tx, id).await?;
        caller.may_see(&job)?;
        super::fill_in(tx, std::slice::from_mut(&mut job)).await?;
        let full = Self { job, attempts };
        Ok(if caller.is_publishable() {
            full.for_visitors()
        } else {
            full
        })
    }
}
