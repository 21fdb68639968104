//! Job kinds (payload and result wire types), enqueueing, and the Redis dispatch index. No job logic.
//!
//! A job is a row in Postgres; [`enqueue`] inserts it in the caller's transaction. After commit, [`Queue::push`] offers its id to
//! the workers through Redis. When that fails, or Redis forgets, the reconciler in `workers` offers it again. [`schedules`] decides about
//! ticks, and makes their jobs in the same way.
mod asked_settings;
mod batch;
mod catalogue;
mod changes;
mod enqueue;
mod enqueue_many;
mod governor;
mod kind;
pub mod kinds;
mod payload_fault;
mod queue;
mod rate_limits;
pub mod schedules;
mod subscription;
mod validation;
mod web_source;

pub use self::asked_settings::AskedSettings;
pub use self::batch::{AddedBy, AddedJobs, BatchJob, add_to_batch};
pub use self::catalogue::{Catalogue, CatalogueEntry, SubmitError};
pub use self::changes::{Changes, Watcher};
pub use self::enqueue::{EnqueueError, EnqueueOptions, Enqueued, enqueue, enqueue_raw};
pub use self::enqueue_many::enqueue_many;
pub use self::governor::{
    Asked, BudgetLimit, BudgetLimits, Call, CircuitChange, CircuitState, Estimate, Observed, Reported, Settled,
    SpentToday, Use, Wait, is_credential_name,
};
pub use self::kind::{Kind, Pool, RetryPolicy, UnknownPool};
pub use self::queue::{
    Asking, Contents, Dispatch, Home, IdFault, Limit, Listed, Place, PoolLimits, Popped, PoppedJobs, Position, Queue,
    QueueDepth, QueueError, Reached, ReachedOf, RingFault, ServerReport, Standing, Wanted,
};
pub use self::rate_limits::{Limited, Rate, Taken};
pub use self::subscription::Subscription;
pub use self::validation::FieldError;
pub use self::web_source::{CrawlMode, QueryPolicy, WebSource};
