//! Batches: jobs that belong together, and the one that follows when all of them have ended.
//!
//! Rows are locked in one order everywhere: jobs (by id), then batches (by id), then the job that follows a batch.
mod add;
mod count;
mod create;
mod end;
mod expire;
mod find;
mod mend;
mod retry;
mod stop;

pub use self::add::{MAX_JOBS, add, lock_open};
pub(crate) use self::count::COUNTED;
pub use self::create::{MAX_OPEN, MAX_UNENDED, NewBatch, OnFailure, create};
pub use self::end::{EndedBatch, end_all};
pub use self::expire::{Expired, OPEN_DAYS, expire_open};
pub use self::find::{Batch, BatchFilter, BatchState, find, list};
pub use self::mend::{recount, release_steps};
pub use self::retry::lock_batches_of;
pub(crate) use self::retry::{ensure_not_stopping, uncount};
pub use self::stop::{StoppedBatch, cancel_some, mark_swept, stop, stopped};
