use crate::Problem;
use jobs::{EnqueueOptions, Enqueued};
use store::TenantTx;

/// What a request writes when it starts work: its business rows and its job, in the caller's transaction.
pub(crate) trait Begin: Send {
    /// Whether someone waits for the result, as for a search: such work waits by default, and may be forgotten in a crash while the
    /// client that waits for it would learn of the crash anyway.
    const INTERACTIVE: bool = false;

    /// `options` hold the job's id, who asked, and the trace; add to them what the job needs.
    ///
    /// # Errors
    /// Any problem; nothing is written then.
    fn begin(
        self,
        tx: &mut TenantTx,
        options: EnqueueOptions,
    ) -> impl Future<Output = Result<Enqueued, Problem>> + Send;
}
