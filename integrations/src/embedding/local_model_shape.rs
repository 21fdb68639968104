/// How one vector is made of a text's tokens' vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalPooling {
    Mean,
    /// The first token's.
    Cls,
}

/// What a folder with a model does not say of itself. The default is all-MiniLM-L6-v2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalModelShape {
    /// Numbers in a vector; `hidden_size` of the folder's config.json.
    pub dimensions: usize,
    /// What the model reads of one text, `[CLS]` and `[SEP]` included; `max_seq_length` of its sentence_bert_config.json.
    pub max_tokens: usize,
    pub pooling: LocalPooling,
    /// Goes before each query, such as `query: `.
    pub query_prefix: String,
    /// Goes before each text of a document.
    pub passage_prefix: String,
}

impl Default for LocalModelShape {
    fn default() -> Self {
        Self {
            dimensions: 384,
            max_tokens: 256,
            pooling: LocalPooling::Mean,
            query_prefix: String::new(),
            passage_prefix: String::new(),
        }
    }
}

impl LocalModelShape {
    /// What is left for the text itself: a token is at least one character of the prefix.
    pub(super) fn text_tokens_max(&self) -> usize {
        let prefix = self
            .query_prefix
            .chars()
            .count()
            .max(self.passage_prefix.chars().count());
        self.max_tokens.saturating_sub(prefix)
    }
}
