mod blocks;
mod sentences;
mod stop_words;
mod words;

pub use sentences::{MAX_SENTENCE_BYTES, MAX_TEXT_BYTES, Sentence, SentenceKind, split_sentences};
pub(crate) use stop_words::is_stop_word;
pub(crate) use words::{Word, WordKind, content_stems, folded, is_similar_stem, stem, words};
