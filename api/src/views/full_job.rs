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
    /// # Errors
    /// [`Problem`]; not found also when the caller may not see the job.
    pub(crate) async fn read(state: &ApiState, caller: &Caller, id: JobId) -> Result<Self, Problem> {
        state
            .store
            .tenant_by_id(caller.tenant(), async move |tx| Self::find(tx, caller, id).await)
            .await
    }

    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) async fn find(tx: &mut TenantTx, caller: &Caller, id: JobId) -> Result<Self, Problem> {
        let mut job = store::jobs::find(tx, id).await?;
        caller.may_see(&job)?;
        super::fill_in(tx, std::slice::from_mut(&mut job)).await?;
        let never_started = job.run <= 1 && job.started_at.is_none();
        let attempts = if never_started {
            Vec::new()
        } else {
            store::jobs::attempts_of(tx, &[id]).await?
        };
        Ok(Self { job, attempts })
    }
}
