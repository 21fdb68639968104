//! Calls of embedding models that are somewhere else.
mod caller;
mod query_vectors;
mod remote;

pub(crate) use self::caller::RemoteCaller;
pub(crate) use self::query_vectors::QueryVectors;
pub use self::remote::remote_embedder;
