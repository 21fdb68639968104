//! Runs jobs: one handler a file, a registry, pools of workers, and what keeps the dispatch index honest.
//!
//! The path of a job: `pull` pops its id from Redis and claims its row in Postgres; apalis hands the [`Envelope`] to
//! `run`, which finds the handler and runs it; `finisher` writes the outcome down. Meanwhile
//! `leases` renews what is held, `reconciler` finds what was lost, and `schedules` submits what is due again. A call to the outside asks the
//! governor first (`governed`) and is written into the ledger (`effect`). With `dispatch.backend = "apalis_redis"` ids come by `apalis_redis`
//! instead, and are claimed as `pull` claims them.
mod apalis_redis;
mod backend;
mod batches;
mod bell;
mod budgets;
mod calls;
mod child_process;
mod context;
mod dead;
mod deletions;
mod effect;
mod embedding_call;
mod embedding_models;
mod envelope;
mod error;
#[cfg(test)]
mod error_codes;
mod finisher;
mod governed;
mod grant;
pub mod handlers;
mod heard;
mod heartbeat;
mod homes;
mod job;
mod leases;
mod limits;
mod lost_offers;
pub mod parser;
mod paused;
mod progress;
mod pull;
mod pulse;
mod recent;
pub mod recogniser;
mod reconciler;
mod registry;
mod releases;
mod replicas;
mod reranking;
mod retention;
mod run;
mod running;
mod schedules;
mod settings;
mod slots;
mod start;
mod steps;
mod tasks;
mod trace;

pub use self::batches::{expire_open_batches, tend_batches};
pub use self::budgets::Budgets;
pub use self::context::Context;
pub use self::effect::{Effect, LookedUp};
pub use self::embedding_call::remote_embedder;
pub use self::embedding_models::EmbeddingModels;
pub use self::envelope::Envelope;
pub use self::error::JobError;
pub use self::heard::Heard;
pub use self::job::{Done, JobContext};
pub use self::lost_offers::lost_offers;
pub use self::paused::{Paused, release_paused};
pub use self::pulse::Pulse;
pub use self::reconciler::{DispatchError, Dispatched, dispatch_due_once, expire_leases_once};
pub use self::registry::{Handle, Registry};
pub use self::replicas::{INDEX_VERSION, IdleError, IdleReplica, Replicas, Unusable, idle_replicas, vector_server};
pub use self::reranking::{Rerankers, local_reranker, remote_reranker};
pub use self::retention::{UniqueKeys, UnsettledDeliveries, sweep_all, sweep_deliveries};
pub use self::settings::WorkerOptions;
pub use self::start::{Workers, start};
pub use self::tasks::Tasks;
