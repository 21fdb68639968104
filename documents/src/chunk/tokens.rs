use crate::link::without_addresses;

/// Counts tokens as the embedding model does, special tokens not included.
pub trait CountTokens {
    /// The number of tokens `text` becomes.
    fn count_tokens(&self, text: &str) -> usize;
}

impl<F: Fn(&str) -> usize> CountTokens for F {
    fn count_tokens(&self, text: &str) -> usize {
        self(text)
    }
}

/// No text carries more bytes of meaning a token: WordPiece makes a single unknown token of a word of more than 100
/// characters, and a chunk of such words would be megabytes long.
const MAX_BYTES_PER_TOKEN: usize = 16;

/// What a text takes up of a chunk: its tokens, without those of addresses, which are not embedded, and at least a token for every 16 bytes.
pub(super) fn cost(text: &str, tokens: &dyn CountTokens) -> usize {
    tokens.count_tokens(&without_addresses(text)).max(least_cost(text))
}

/// A lower bound of [`cost`] that needs no counting.
pub(super) fn least_cost(text: &str) -> usize {
    text.len().div_ceil(MAX_BYTES_PER_TOKEN)
}
