use std::fmt;
use url::Url;

/// Whose protocol a model is called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddingVendor {
    /// OpenAI's, also where others speak it.
    Openai,
    Voyage,
    Cohere,
    Gemini,
}

/// A model behind an API, and what one call may hold.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteModel {
    /// Recorded with every vector.
    pub id: String,
    pub vendor: EmbeddingVendor,
    /// What the vendor calls it.
    pub vendor_model: String,
    /// Such as `https://api.openai.com/v1`.
    pub base_url: Url,
    /// `None` for endpoints that want none.
    pub key: Option<String>,
    pub dimensions: usize,
    /// What the model reads of one text.
    pub max_tokens: usize,
    /// The most tokens of a chunk, where the model would read more.
    pub chunk_tokens: usize,
    pub batch_texts: usize,
    pub batch_tokens: usize,
    /// Whether the vendor is asked for `dimensions` numbers.
    pub send_dimensions: bool,
    pub query_prefix: String,
    pub passage_prefix: String,
    /// Whether it makes vectors of pictures too: of Voyage's multimodal models.
    pub reads_images: bool,
    /// Millionths of a US dollar for a million tokens of text.
    pub price_micros_per_million_tokens: u64,
    /// Millionths of a US dollar for a billion pixels.
    pub price_micros_per_billion_pixels: u64,
}

impl RemoteModel {
    /// The dimensions to ask for, where the model can be asked.
    pub(super) fn asked_dimensions(&self) -> Option<usize> {
        self.send_dimensions.then_some(self.dimensions)
    }
}

impl fmt::Debug for RemoteModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteModel")
            .field("id", &self.id)
            .field("vendor", &self.vendor)
            .field("base_url", &self.base_url.as_str())
            .finish_non_exhaustive()
    }
}
