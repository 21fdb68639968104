//! The dispatch index in Redis: which jobs wait, by pool, priority and tenant. It holds ids only, and can be wiped at any time.
mod announce;
mod claim;
mod connection;
mod depth;
mod epoch;
mod error;
mod homes;
mod inspect;
mod keys;
mod limits;
mod mend;
mod place;
mod position;
mod push;
mod reconnecting;

pub use self::claim::{Asking, Popped, PoppedJobs};
pub use self::connection::Queue;
pub use self::depth::QueueDepth;
pub use self::error::QueueError;
pub use self::homes::{Home, Wanted};
pub use self::inspect::{Contents, Listed, ServerReport};
pub use self::limits::{Limit, PoolLimits, Reached, ReachedOf};
pub use self::mend::{IdFault, RingFault};
pub use self::place::Place;
pub use self::position::{Position, Standing};
pub use self::push::Dispatch;

pub(crate) use self::keys::{
    governor as governor_key, installation_governor as installation_governor_key, rate_limit as rate_limit_key,
};
