//! Runs jobs: one handler a file, a registry, pools of workers, and what keeps the dispatch index honest.
//!
//! The path of a job: `pull` pops its id from Redis and claims its row in Postgres; apalis hands the [`Envelope`] to
//! `run`, which finds the handler and runs it; `finisher` writes the outcome down. Meanwhile
//! `leases` renews what is held, and `reconciler` finds what was lost.
mod apalis_redis;
mod backend;
mod context;
mod effect;
mod envelope;
mod error;
mod finisher;
pub mod handlers;
mod heartbeat;
mod job;
mod leases;
mod limits;
mod progress;
mod pull;
mod reconciler;
mod registry;
mod releases;
mod replicas;
mod run;
mod running;
mod settings;
mod slots;
mod start;
mod tasks;
mod trace;

pub use self::context::Context;
pub use self::effect::{Effect, LookedUp};
pub use self::envelope::Envelope;
pub use self::error::JobError;
pub use self::job::{Done, JobContext};
pub use self::registry::{Handle, Registry};
pub use self::replicas::Replicas;
pub use self::settings::WorkerOptions;
pub use self::start::{Workers, start};
pub use self::tasks::Tasks;
