use crate::IntegrationError;
use async_trait::async_trait;

/// What must be recorded beside every vector: vectors of different models do not compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingModel {
    /// Name and variant of the weights, such as `all-MiniLM-L6-v2/w8`.
    pub id: String,
    /// Numbers in a vector.
    pub dimensions: usize,
    /// What the model reads of one text, its own `[CLS]` and `[SEP]` included; the rest has no influence on the vector.
    pub max_tokens: usize,
}

impl EmbeddingModel {
    /// Tokens of the text itself that fit, as [`Embedder::count_tokens`] counts them: a chunk's limit.
    pub fn content_tokens_max(&self) -> usize {
        /// `[CLS]` before and `[SEP]` after, in every BERT-like model.
        const SPECIAL_TOKENS: usize = 2;
        self.max_tokens.saturating_sub(SPECIAL_TOKENS)
    }
}

/// What a text is embedded for: many models treat a question and a passage differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddingPurpose {
    /// To be found.
    Document,
    /// To be found, by a model that it was not cut for: the end that this one does not read is left out.
    CutForAnother,
    /// To find.
    Query,
}

impl EmbeddingPurpose {
    /// Whether a text that the model cannot read whole is cut. A chunk of its own never is one.
    pub(crate) fn may_be_cut(self) -> bool {
        self != Self::Document
    }
}

/// Turns texts into vectors of length one, in this process.
#[async_trait]
pub trait Embedder: Send + Sync {
    fn model(&self) -> &EmbeddingModel;

    /// One vector a text, in order, `model().dimensions` numbers each, of Euclidean length 1 (so that the dot product
    /// is the cosine). No texts give no vectors. A text longer than the model's limit is cut, not refused.
    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError>;

    /// The vector of a question, which some models want to be told.
    async fn embed_query(&self, text: String) -> Result<Vec<f32>, IntegrationError> {
        let vectors = self.embed(vec![text]).await?;
        vectors
            .into_iter()
            .next()
            .ok_or_else(|| IntegrationError::InvalidAnswer {
                system: self.model().id.clone(),
                reason: "it gave no vector".to_owned(),
            })
    }

    /// The model's own count for `text`, without special tokens. Blocks for about a millisecond per 4 KiB at most;
    /// never fails: where the tokenizer is missing, the answer is an upper bound.
    fn count_tokens(&self, text: &str) -> usize;
}
