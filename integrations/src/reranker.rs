use crate::IntegrationError;
use async_trait::async_trait;

/// Scores passages against a query more carefully than retrieval can afford to for a whole base.
#[async_trait]
pub trait Reranker: Send + Sync {
    /// As a search result's `reranker` field reports it.
    fn name(&self) -> &str;

    /// One score a passage, in the order given; larger is better. Scores compare within one call only.
    async fn rerank(&self, query: &str, passages: &[String]) -> Result<Vec<f32>, IntegrationError>;
}
