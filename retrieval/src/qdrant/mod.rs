//! Vectors on a Qdrant server or cluster: one collection for each number of dimensions, shared by all tenants. The server has vectors and ids, no
//! text; the keyword leg, titles, metadata and access lists stay with the replicas.

mod collection;
mod filter;
mod index;
mod points;
mod server;

pub use index::QdrantIndex;
pub use server::{QdrantOptions, QdrantServer};
