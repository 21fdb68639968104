use super::model::{RemoteRerankerModel, RerankUsage};
use super::scores::sound_scores;
use crate::IntegrationError;
use crate::http::{GuardedClient, GuardedResponse};
use crate::token_estimate::{cut, estimate};
use crate::vendor_endpoint::VendorEndpoint;

/// Passages of one call in bytes: a request that is lost costs no more than this to send again.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// What one call gave.
#[derive(Clone, Debug, PartialEq)]
pub struct RerankedPassages {
    /// One a passage, in order; larger is better.
    pub scores: Vec<f32>,
    /// What the vendor bills, if it said so.
    pub usage: Option<RerankUsage>,
}

/// A reranker behind a vendor's API. It makes one exchange for each call and retries nothing: that is the caller's to decide.
#[derive(Debug)]
pub struct RemoteReranker {
    model: RemoteRerankerModel,
    endpoint: VendorEndpoint,
}

impl RemoteReranker {
    /// # Errors
    /// [`IntegrationError::NotConfigured`] for a key that no header can carry.
    pub fn new(model: RemoteRerankerModel, client: GuardedClient) -> Result<Self, IntegrationError> {
        let key = model.key.as_deref().map(|key| (("authorization", "Bearer "), key));
        Ok(Self {
            endpoint: VendorEndpoint::new(&model.id, model.base_url.clone(), key, client)?,
            model,
        })
    }

    /// As a search result's `reranker` field reports it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.model.id
    }

    /// How many of the first passages make one call with the query; at least one.
    #[must_use]
    pub fn batch_len(&self, query: &str, passages: &[String]) -> usize {
        let query = estimate(self.cut_query(query));
        let (mut tokens, mut bytes, mut taken) = (0, 0, 0);
        for passage in passages.iter().take(self.model.batch_texts) {
            let passage = self.cut_passage(passage);
            tokens += query + estimate(passage);
            bytes += passage.len();
            if taken > 0 && (tokens > self.model.batch_tokens || bytes > BATCH_BYTES_MAX) {
                break;
            }
            taken += 1;
        }
        taken.max(1)
    }

    /// What a call takes, estimated on the high side: the vendor's tokenizer is not here.
    #[must_use]
    pub fn usage(&self, query: &str, passages: &[String]) -> RerankUsage {
        let tokens: Vec<usize> = passages
            .iter()
            .map(|passage| estimate(self.cut_passage(passage)))
            .collect();
        self.model.vendor.usage(estimate(self.cut_query(query)), &tokens)
    }

    /// Millionths of a US dollar, rounded up.
    #[must_use]
    pub fn cost_micros(&self, usage: RerankUsage) -> u64 {
        self.model.cost_micros(usage)
    }

    /// One exchange. What is over the model's limits is cut.
    ///
    /// # Errors
    /// As [`GuardedClient::post_json`]; a refusal is an answer, which [`Self::read`] makes an error of.
    pub async fn send(&self, query: &str, passages: &[String]) -> Result<GuardedResponse, IntegrationError> {
        let passages: Vec<&str> = passages.iter().map(|passage| self.cut_passage(passage)).collect();
        let body = self.model.vendor.request(&self.model, self.cut_query(query), &passages);
        self.endpoint.post("/rerank", &body).await
    }

    /// Exactly one finite score for each of so many passages, or an error.
    ///
    /// # Errors
    /// What the status stands for, or `InvalidAnswer`.
    pub fn read(&self, passages: usize, answer: GuardedResponse) -> Result<RerankedPassages, IntegrationError> {
        let read = self.model.vendor.read(&answer.success()?)?;
        let usage = read.usage;
        let scores = sound_scores(&self.model.id, read, passages)?;
        Ok(RerankedPassages { scores, usage })
    }

    fn cut_query<'q>(&self, query: &'q str) -> &'q str {
        cut(query, self.model.query_tokens)
    }

    fn cut_passage<'p>(&self, passage: &'p str) -> &'p str {
        cut(passage, self.model.max_tokens.saturating_sub(self.model.query_tokens))
    }
}
