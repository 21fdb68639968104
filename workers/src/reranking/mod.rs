//! The rerankers that this process can use, and calls of those that are somewhere else.
mod caller;
mod remote;
mod rerankers;

pub(crate) use self::caller::RerankCaller;
pub use self::remote::remote_reranker;
pub use self::rerankers::{Rerankers, local_reranker};
