use async_trait::async_trait;
use integrations::IntegrationError;
use integrations::embedding::{Embedder, EmbeddingModel};
use sha2::{Digest, Sha256};
use std::sync::Mutex;

const DIMENSIONS: usize = 384;

/// Stands in for the local model where a test is not about meaning: each word points somewhere, a text is the sum of its words. Equal
/// texts get equal vectors, texts that share words similar ones; limits and lengths are those of the real model.
pub struct HashingEmbedder {
    model: EmbeddingModel,
    /// Every text that was embedded, in order: tests count them.
    pub embedded: Mutex<Vec<String>>,
}

impl HashingEmbedder {
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            model: EmbeddingModel {
                id: id.to_owned(),
                dimensions: DIMENSIONS,
                max_tokens: 256,
            },
            embedded: Mutex::default(),
        }
    }
}

#[async_trait]
impl Embedder for HashingEmbedder {
    fn model(&self) -> &EmbeddingModel {
        &self.model
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        self.embedded.lock().unwrap().extend(texts.iter().cloned());
        Ok(texts.iter().map(|text| vector(text, DIMENSIONS)).collect())
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.split_whitespace()
            .map(|word| word.chars().count().div_ceil(4))
            .sum()
    }
}

/// The sum of what the text's words point to, of length one.
pub(crate) fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut sum = vec![0.01_f32; dimensions];
    for word in text
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        for (index, byte) in Sha256::digest(word).iter().enumerate() {
            sum[(index * 12 + usize::from(*byte) % 12) % dimensions] += if byte % 2 == 0 { 1.0 } else { -1.0 };
        }
    }
    let norm = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    sum.iter().map(|value| value / norm).collect()
}
