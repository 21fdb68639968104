use crate::running::RunningJob;
use crate::slots::Slot;
use store::jobs::ClaimedJob;

/// What apalis carries, whatever the kind: a claimed job, the lease it is held by, and the slot it occupies. Dropping it, also in
/// a panic, frees the slot and ends the renewals.
pub struct Envelope {
    pub(crate) job: ClaimedJob,
    pub(crate) running: RunningJob,
    pub(crate) _slot: Slot,
}
