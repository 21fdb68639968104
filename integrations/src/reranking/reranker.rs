use crate::IntegrationError;
use async_trait::async_trait;

/// Scores passages against a query more carefully than retrieval can afford to for a whole base, in this process.
#[async_trait]
pub trait Reranker: Send + Sync {
    /// As a search result's `reranker` field reports it.
    fn name(&self) -> &str;

    /// One score a passage, in the order given, between 0 and 1; larger is better. Scores compare where the query is the same. No passages give
    /// no scores. What is beyond the model's limit has no influence.
    async fn rerank(&self, query: &str, passages: Vec<String>) -> Result<Vec<f32>, IntegrationError>;
}
