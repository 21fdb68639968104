use std::fmt;
use url::Url;

/// Whose protocol a reranker is called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RerankVendor {
    Cohere,
    Voyage,
}

/// A reranker behind an API, and what one call may hold.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteRerankerModel {
    /// As results name it.
    pub id: String,
    pub vendor: RerankVendor,
    /// What the vendor calls it.
    pub vendor_model: String,
    /// Such as `https://api.cohere.com/v2`.
    pub base_url: Url,
    pub key: Option<String>,
    /// What the model reads of query and passage together.
    pub max_tokens: usize,
    /// What it reads of the query.
    pub query_tokens: usize,
    /// The most passages of one call.
    pub batch_texts: usize,
    /// The most tokens of one call: the query's, as often as there are passages, and the passages'.
    pub batch_tokens: usize,
    /// Millionths of a US dollar for a million tokens.
    pub price_micros_per_million_tokens: u64,
    /// Millionths of a US dollar for a thousand searches, where those are billed.
    pub price_micros_per_thousand_searches: u64,
}

/// What a call takes, in what vendors bill by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RerankUsage {
    pub tokens: u64,
    /// Queries with up to 100 documents each (Cohere).
    pub searches: u64,
}

impl RemoteRerankerModel {
    /// Rounded up, in millionths of a US dollar.
    pub(super) fn cost_micros(&self, usage: RerankUsage) -> u64 {
        let tokens = u128::from(usage.tokens) * u128::from(self.price_micros_per_million_tokens);
        let searches = u128::from(usage.searches) * u128::from(self.price_micros_per_thousand_searches);
        let cost = tokens.div_ceil(1_000_000) + searches.div_ceil(1_000);
        u64::try_from(cost).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for RemoteRerankerModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteRerankerModel")
            .field("id", &self.id)
            .field("vendor", &self.vendor)
            .field("base_url", &self.base_url.as_str())
            .finish_non_exhaustive()
    }
}
