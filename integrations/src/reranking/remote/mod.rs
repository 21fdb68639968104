//! Rerankers behind somebody else's API.
//!
//! A call has two halves, so that the caller can look at the exchange in between: [`RemoteReranker::send`] and [`RemoteReranker::read`].

mod cohere;
mod model;
mod reranker;
mod scores;
mod vendor;
mod voyage;

pub use model::{RemoteRerankerModel, RerankUsage, RerankVendor};
pub use reranker::{RemoteReranker, RerankedPassages};
