//! The order of passages, made by models that read each together with the query.

mod local_reranker;
mod remote;
mod reranker;

pub use local_reranker::{LocalReranker, LocalRerankerSettings};
pub use remote::{RemoteReranker, RemoteRerankerModel, RerankUsage, RerankVendor, RerankedPassages};
pub use reranker::Reranker;
