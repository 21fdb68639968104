//! From text to the terms of the keyword leg.

mod analyzer;
mod clusters;
mod detect;
mod function_pairs;
mod query_words;
mod respelling;
mod segmenter;
mod spelled;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod spelling_tests;

pub(crate) use analyzer::analyzer;
pub(crate) use detect::language_of;
pub(crate) use query_words::{QueryTerms, QueryWord, ReadQuery, add, add_alike, query_words};
pub(crate) use segmenter::is_unspaced;
pub(crate) use spelled::{SpelledWords, is_spelled, spelled_words};
