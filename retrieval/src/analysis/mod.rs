//! From text to the terms of the keyword leg.

mod analyzer;
mod query_terms;
mod segmenter;

pub(crate) use analyzer::{analyzer, query_analyzer};
pub(crate) use query_terms::{QueryTerms, query_terms};
pub(crate) use segmenter::is_unspaced;
