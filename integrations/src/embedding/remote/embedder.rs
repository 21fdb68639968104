use super::batch::batch_len;
use super::model::RemoteModel;
use super::vectors::sound_vectors;
use crate::IntegrationError;
use crate::embedding::{EmbeddingModel, EmbeddingPurpose};
use crate::http::{GuardedClient, GuardedResponse};
use crate::token_estimate::TokenEstimate;
use crate::vendor_endpoint::VendorEndpoint;

/// What one call gave.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddedTexts {
    /// One a text, in order, of Euclidean length 1.
    pub vectors: Vec<Vec<f32>>,
    /// What the vendor bills, if it said so.
    pub tokens: Option<u64>,
}

/// A model behind a vendor's API. It makes one exchange for each call and retries nothing: that is the caller's to decide.
#[derive(Debug)]
pub struct RemoteEmbedder {
    described: EmbeddingModel,
    model: RemoteModel,
    estimate: TokenEstimate,
    endpoint: VendorEndpoint,
}

impl RemoteEmbedder {
    /// # Errors
    /// [`IntegrationError::NotConfigured`] for a key that no header can carry.
    pub fn new(model: RemoteModel, client: GuardedClient) -> Result<Self, IntegrationError> {
        let prefix = model.query_prefix.len().max(model.passage_prefix.len());
        Ok(Self {
            described: EmbeddingModel {
                id: model.id.clone(),
                dimensions: model.dimensions,
                max_tokens: model.max_tokens,
            },
            estimate: TokenEstimate::new(model.max_tokens, prefix, model.chunk_tokens),
            endpoint: VendorEndpoint::new(
                &model.id,
                model.base_url.clone(),
                model.key.as_deref().map(|key| (model.vendor.key_header(), key)),
                client,
            )?,
            model,
        })
    }

    #[must_use]
    pub fn model(&self) -> &EmbeddingModel {
        &self.described
    }

    /// The most tokens of a chunk, as [`Self::count_tokens`] counts them: such a chunk is within the model's limit.
    #[must_use]
    pub fn chunk_tokens_max(&self) -> usize {
        self.estimate.chunk_max
    }

    /// An estimate that errs on the high side: the vendor's tokenizer is not here.
    #[must_use]
    pub fn count_tokens(&self, text: &str) -> usize {
        self.estimate.count(text)
    }

    /// How many of the first texts make one call; at least one.
    #[must_use]
    pub fn batch_len<'t>(&self, texts: impl Iterator<Item = &'t str>) -> usize {
        batch_len(&self.model, texts.map(|text| (self.count_tokens(text), text.len())))
    }

    /// Millionths of a US dollar, rounded up.
    #[must_use]
    pub fn cost_micros(&self, tokens: u64) -> u64 {
        let price = u128::from(self.model.price_micros_per_million_tokens);
        let cost = (u128::from(tokens) * price).div_ceil(1_000_000);
        u64::try_from(cost).unwrap_or(u64::MAX)
    }

    /// One exchange. A query that is over the model's limit is cut; texts of documents are sent as they are.
    ///
    /// # Errors
    /// As [`GuardedClient::post_json`]; a refusal is an answer, which [`Self::read`] makes an error of.
    pub async fn send(&self, texts: &[String], purpose: EmbeddingPurpose) -> Result<GuardedResponse, IntegrationError> {
        let texts: Vec<String> = texts.iter().map(|text| self.prepared(text, purpose)).collect();
        let request = self.model.vendor.request(&self.model, &texts, purpose);
        let mut answer = self.endpoint.post(&request.path, &request.body).await?;
        self.model.vendor.translate_refusal(&mut answer);
        Ok(answer)
    }

    /// Exactly one sound vector for each of `texts`, or an error.
    ///
    /// # Errors
    /// What the status stands for; `InvalidAnswer`; `NotConfigured` when its vectors have other dimensions than the model was said to have.
    pub fn read(&self, texts: usize, answer: GuardedResponse) -> Result<EmbeddedTexts, IntegrationError> {
        let answer = answer.success()?;
        let read = self.model.vendor.read(&answer)?;
        let tokens = read.tokens;
        let vectors = sound_vectors(&self.model.id, read, texts, self.model.dimensions)?;
        Ok(EmbeddedTexts { vectors, tokens })
    }

    fn prepared(&self, text: &str, purpose: EmbeddingPurpose) -> String {
        match purpose {
            EmbeddingPurpose::Document => format!("{}{text}", self.model.passage_prefix),
            EmbeddingPurpose::Query => {
                let end = text.floor_char_boundary(self.estimate.bytes_max);
                format!("{}{}", self.model.query_prefix, text.get(..end).unwrap_or(text))
            }
        }
    }
}
