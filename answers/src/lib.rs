#![doc = include_str!("../README.md")]

mod check;
mod compose;
mod facts;
mod text;
mod vectors;

pub use check::{
    CheckReport, CheckedClaim, Evidence, FEATURE_NAMES, Features, MAX_CLAIMS, MAX_SOURCE_SENTENCES, Reason, Verdict,
    check, texts_to_embed,
};
pub use compose::{
    AbstainCode, AbstainReason, Composition, MAX_SENTENCES_TO_EMBED, Passage, SelectedSentence, compose, in_markdown,
    sentences_to_embed,
};
pub use text::{MAX_SENTENCE_BYTES, MAX_TEXT_BYTES, Sentence, SentenceKind, split_sentences};
pub use vectors::{NoVectors, SentenceVectors};
