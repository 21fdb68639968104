//! Job rows: the outbox, the truth about every job's state, and the lease that fences its worker.
//!
//! Functions that take a [`TenantTx`](crate::TenantTx) serve one tenant; those that take [`System`](crate::System) move jobs of all.
mod attempts;
mod cancel;
mod cancel_locked;
mod cancel_many;
mod claim;
mod create;
mod create_many;
mod dead_letters;
mod dead_summary;
mod dispatch;
mod erase;
mod expire;
mod find;
mod finish;
mod force;
mod interactive;
mod lease;
mod named;
mod places;
mod release;
mod retention;
mod retry;
mod state;
mod steps;
mod sweep_locks;
mod undecided;
mod unique;
mod why;

pub use self::attempts::{Attempt, AttemptPlace, attempts_of, list_attempts};
pub use self::cancel::{CancelOutcome, cancel};
pub use self::cancel_locked::Told;
pub(crate) use self::cancel_locked::cancel_locked;
pub use self::cancel_many::{CancelFilter, Unended, cancel_many, unended};
pub use self::claim::{ClaimedJob, claim, claimed_as, still_queued};
pub use self::create::{NewJob, ScheduledBy, create};
pub use self::create_many::create_many;
pub use self::dead_letters::{DeadFilter, DeadLetter, dead_letters, discard, expire_dead, in_order_of_keys, lock_dead};
pub use self::dead_summary::{DeadGroup, SUMMED_UP, dead_summary};
pub use self::dispatch::{Dispatchable, Marked, Offered, mark_for_dispatch, offered_before, running, unmark_dispatch};
pub(crate) use self::dispatch::{PAUSED_EPOCH, SERVER_LIFE};
pub use self::erase::{ERASED_ANSWER, erase_all, erase_answers_citing};
pub use self::expire::{ExpiredJob, expire_leases};
pub use self::find::{Job, JobFilter, find, find_many, find_with_attempts, list, payload};
pub use self::finish::{Ended, Finish, Outcome, finish, finish_in};
pub use self::force::force;
pub use self::interactive::make_durable;
pub(crate) use self::lease::got_on;
pub use self::lease::{Held, Progress, RenewedLease, renew, renew_locked, save_progress};
pub use self::named::{NamedJob, named};
pub(crate) use self::release::free_kinds;
pub use self::release::{PutAside, kinds_to_release, release_kinds};
pub(crate) use self::retention::prefer_indexes;
pub use self::retention::{
    JobRetention, WEEKS_AHEAD, count_default_rows, create_partitions, drop_partitions, sweep_batches,
    sweep_idempotency_keys, sweep_interactive,
};
pub(crate) use self::retry::QUEUED_AGAIN;
pub use self::retry::{Retried, retry};
pub use self::state::JobState;
pub use self::steps::{Step, StepState, steps_of};
pub use self::sweep_locks::{LockPlace, LocksSwept, sweep_locks};
pub use self::unique::{Lock, lock_unique_key};
pub use self::why::{Awaited, Why, why};
