use crate::error::Problems;
use crate::models::is_http;
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Who computes a model's vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddingProvider {
    /// This machine, from a folder in `models.dir`.
    Local,
    Openai,
    Voyage,
    Cohere,
    Gemini,
    /// An endpoint of its own that speaks OpenAI's protocol.
    OpenaiCompatible,
}

impl EmbeddingProvider {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Openai => "openai",
            Self::Voyage => "voyage",
            Self::Cohere => "cohere",
            Self::Gemini => "gemini",
            Self::OpenaiCompatible => "openai_compatible",
        }
    }

    /// Texts that it takes in one call (docs.cohere.com/reference/embed; Gemini's batchEmbedContents).
    fn most_texts(self) -> usize {
        match self {
            Self::Cohere => 96,
            Self::Gemini => 100,
            Self::Local | Self::Openai | Self::Voyage | Self::OpenaiCompatible => 128,
        }
    }

    /// The environment name of the key it cannot be called without.
    #[must_use]
    pub fn key_name(self) -> Option<&'static str> {
        match self {
            Self::Local | Self::OpenaiCompatible => None,
            Self::Openai => Some("OPENAI_API_KEY"),
            Self::Voyage => Some("VOYAGE_API_KEY"),
            Self::Cohere => Some("COHERE_API_KEY"),
            Self::Gemini => Some("GEMINI_API_KEY"),
        }
    }
}

/// How a local model makes one vector of its tokens' vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelPooling {
    #[default]
    Mean,
    /// The first token's.
    Cls,
}

/// One embedding model.
///
/// Its name, provider, dimensions and prefixes must stay what they are while a knowledge base uses it: vectors of one base must compare.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingModelSettings {
    pub provider: EmbeddingProvider,
    /// Whether knowledge bases can be made with it. Those that were, go on.
    #[serde(default = "yes")]
    pub offered: bool,
    /// What its provider calls it; by default as it is called here.
    pub model: Option<String>,
    /// Numbers in a vector.
    pub dimensions: usize,
    /// What it reads of one text.
    pub max_tokens: usize,
    /// The most tokens of a chunk, where the model would read more.
    #[serde(default = "default_chunk_tokens")]
    pub chunk_tokens: usize,
    /// Whether it makes vectors of pictures too; of Voyage's multimodal models.
    #[serde(default)]
    pub reads_images: bool,
    /// Millionths of a US dollar for a million tokens.
    #[serde(default)]
    pub price_micros_per_million_tokens: u64,
    /// Millionths of a US dollar for a billion pixels of pictures.
    #[serde(default)]
    pub price_micros_per_billion_pixels: u64,
    /// The most texts of one call.
    #[serde(default = "default_batch_texts")]
    pub batch_texts: usize,
    /// The most tokens of one call, all texts together.
    #[serde(default = "default_batch_tokens")]
    pub batch_tokens: usize,
    /// The languages that it reads, by their two-letter codes; none: all.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Whether the provider is asked for `dimensions` numbers; some models refuse the question.
    #[serde(default)]
    pub send_dimensions: bool,
    /// Goes before each query.
    #[serde(default)]
    pub query_prefix: String,
    /// Goes before each text of a document.
    #[serde(default)]
    pub passage_prefix: String,
    /// Of an `openai_compatible` one.
    pub base_url: Option<String>,
    /// Of an `openai_compatible` one that wants a key.
    pub api_key: Option<SecretString>,
    /// Of a local one: its folder in `models.dir`; by default its name.
    pub folder: Option<String>,
    /// Of a local one.
    #[serde(default)]
    pub pooling: ModelPooling,
    /// Of a local one: where `visualkit models pull` finds its files, by their names in its folder.
    #[serde(default)]
    pub files: BTreeMap<String, ModelFile>,
}

/// A file of a local model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    pub url: String,
    /// Of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
}

impl ModelFile {
    fn is_right(&self, name: &str) -> bool {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        plain && is_http(&self.url) && self.sha256.len() == 64 && self.sha256.bytes().all(|b| b.is_ascii_hexdigit())
    }
}

fn yes() -> bool {
    true
}

fn default_chunk_tokens() -> usize {
    512
}

fn default_batch_texts() -> usize {
    64
}

fn default_batch_tokens() -> usize {
    100_000
}

impl EmbeddingModelSettings {
    /// What budgets call the credential it is called with: the provider, whose key its models share; an endpoint of its own by the model's name. `None` for a local one.
    #[must_use]
    pub fn credential(&self, name: &str) -> Option<String> {
        match self.provider {
            EmbeddingProvider::Local => None,
            EmbeddingProvider::OpenaiCompatible => Some(name.replace('/', "-")),
            provider => Some(provider.as_str().to_owned()),
        }
    }

    /// Whether its vectors say what texts of a base in `language` mean; of a base whose language is `auto` nobody knows.
    #[must_use]
    pub fn reads(&self, language: &str) -> bool {
        self.languages.is_empty() || self.languages.iter().any(|read| read == language)
    }

    pub(crate) fn check(&self, name: &str, problems: &mut Problems) {
        let key = |field: &str| format!("models.catalogue.{name}.{field}");
        let plain_name =
            (1..=200).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-/".contains(&b));
        problems.check(
            plain_name,
            "models.catalogue",
            "has a name that is not 1 to 200 letters, digits and . _ : - /",
        );
        problems.check(
            (1..=8_192).contains(&self.dimensions),
            &key("dimensions"),
            "must be 1 to 8192",
        );
        problems.check(
            (16..=1_000_000).contains(&self.max_tokens),
            &key("max_tokens"),
            "must be 16 to 1000000",
        );
        problems.check(
            (16..=8_192).contains(&self.chunk_tokens),
            &key("chunk_tokens"),
            "must be 16 to 8192",
        );
        let is_code = |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase());
        problems.check(
            self.languages.iter().all(is_code),
            &key("languages"),
            "must be two-letter codes of ISO 639-1, in lower case",
        );
        let most_texts = self.provider.most_texts();
        problems.check(
            (1..=most_texts).contains(&self.batch_texts),
            &key("batch_texts"),
            &format!("must be 1 to {most_texts}"),
        );
        problems.check(
            self.batch_tokens >= self.max_tokens.min(self.chunk_tokens),
            &key("batch_tokens"),
            "must have room for one chunk",
        );
        problems.check(
            self.price_micros_per_million_tokens <= 1_000_000_000,
            &key("price_micros_per_million_tokens"),
            "must be at most 1000000000, which is 1000 dollars",
        );
        let is_multimodal = self.provider == EmbeddingProvider::Voyage
            && self.model.as_deref().unwrap_or(name).starts_with("voyage-multimodal");
        problems.check(
            is_multimodal || !self.reads_images,
            &key("reads_images"),
            "is for Voyage's models whose names begin with voyage-multimodal: no others are sent pictures",
        );
        problems.check(
            self.price_micros_per_billion_pixels <= 1_000_000_000,
            &key("price_micros_per_billion_pixels"),
            "must be at most 1000000000, which is 1000 dollars",
        );
        let prefixes = self.query_prefix.len().max(self.passage_prefix.len());
        problems.check(
            prefixes <= self.max_tokens / 4,
            &key("passage_prefix"),
            "and query_prefix must leave room: as many bytes as a quarter of max_tokens at most",
        );
        let compatible = self.provider == EmbeddingProvider::OpenaiCompatible;
        problems.check(
            self.base_url.as_deref().is_some_and(is_http) == compatible,
            &key("base_url"),
            "must begin with https:// or http:// for openai_compatible, and is for nothing else",
        );
        problems.check(
            self.api_key.is_none() || compatible,
            &key("api_key"),
            "is for openai_compatible: other providers have theirs in a section of their own",
        );
        let is_local = self.provider == EmbeddingProvider::Local;
        problems.check(
            self.files.iter().all(|(name, file)| file.is_right(name)) && (is_local || self.files.is_empty()),
            &key("files"),
            "are for a local model, and each has the name of a file, a url that begins with https:// or http://, and a sha256 of 64 hexadecimal digits",
        );
        let folder = self.folder.as_deref().unwrap_or(name);
        let is_folder = !folder.is_empty() && !folder.contains(['/', '\\']) && !folder.starts_with('.');
        problems.check(
            is_folder || !is_local,
            &key("folder"),
            "must be the name of a folder in models.dir",
        );
    }
}
