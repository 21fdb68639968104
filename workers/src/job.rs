use crate::calls::Calls;
use crate::progress::ProgressBoard;
use crate::run::told;
use crate::steps::Steps;
use crate::{Context, JobError};
use jobs::Wait;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::jobs::{ClaimedJob, Ended, Finish, Held, Outcome};
use store::{JobId, TenantId, TenantTx};

/// A successful end of an attempt.
pub enum Done {
    /// To be written together with other jobs' ends.
    Result(Value),
    /// Written already, in the transaction of the job's business writes.
    Committed(Ended),
}

impl Done {
    /// The end of a job that wrote nothing of its own.
    ///
    /// # Errors
    /// [`JobError`] when the result cannot be stored.
    pub fn with(result: &impl Serialize) -> Result<Self, JobError> {
        Ok(Self::Result(to_value(result)?))
    }
}

/// What a handler knows of its job, and what it works with.
#[derive(Clone)]
pub struct JobContext {
    pub app: Context,
    pub(crate) job: Arc<ClaimedJob>,
    pub(crate) progress: ProgressBoard,
    pub(crate) steps: Steps,
    pub(crate) calls: Calls,
    /// Whether this attempt has kept something that the next need not do again.
    pub(crate) got_on: Arc<AtomicBool>,
}

impl JobContext {
    #[must_use]
    pub fn id(&self) -> JobId {
        self.job.id
    }

    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.job.tenant_id
    }

    /// From 1.
    #[must_use]
    pub fn attempt(&self) -> i16 {
        self.job.attempt
    }

    /// Whether it last ended by being put off for the budget of a credential, and does what it did then once more.
    pub(crate) fn was_put_off_for_a_budget(&self) -> bool {
        matches!(self.job.snoozed_for.as_deref(), Some("budget" | "rate_limit"))
    }

    /// To be said once something of the work is kept, together with `got_on` of its row: the job has not waited in vain, and may wait as long again.
    pub(crate) fn got_on(&self) {
        self.got_on.store(true, Ordering::Relaxed);
    }

    /// The W3C trace id of the request that made the job, or of the job itself.
    #[must_use]
    pub fn trace_id(&self) -> String {
        crate::trace::trace_id(self.job.trace_context.as_deref())
    }

    /// Says how far the job is; written down a moment later.
    pub fn progress(&self, done: usize, total: Option<usize>, message: &str) {
        self.progress
            .set(self.held(), json!({ "done": done, "total": total, "message": message }));
    }

    /// Says that from now on the job waits for a budget, or for the other side, without giving its slot away; written down a moment later, for `why`.
    pub(crate) fn waits_in_slot(&self, credential: &str, wait: &Wait) {
        self.progress.set_waits(self.held(), told(credential, wait));
    }

    /// Ends the job inside the transaction of its business writes: call it last, and return [`Done::Committed`] after the commit.
    ///
    /// # Errors
    /// [`store::StoreError::LeaseLost`] rolls everything back.
    pub async fn finish(&self, tx: &mut TenantTx, result: &impl Serialize) -> Result<Ended, JobError> {
        let outcome = Outcome::Succeeded {
            result: to_value(result)?,
        };
        let finish = Finish {
            id: self.job.id,
            lease_token: self.job.lease_token,
            interactive: self.job.interactive,
            batch: self.job.parent_id,
            outcome,
            steps: self.steps.to_json_of_success(),
        };
        Ok(store::jobs::finish_in(tx, finish).await?)
    }

    /// The lease that the job is held by: what a handler keeps between attempts it writes under it.
    pub(crate) fn held(&self) -> Held {
        Held {
            id: self.job.id,
            lease_token: self.job.lease_token,
        }
    }
}

fn to_value(result: &impl Serialize) -> Result<Value, JobError> {
    serde_json::to_value(result)
        .map_err(|error| JobError::permanent("internal", format!("The result cannot be stored: {error}")))
}
