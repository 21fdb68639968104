use std::fmt;
use std::sync::Arc;

use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use super::held::is_held;
use crate::allowed::Allowed;
use crate::error::Result;

/// The inverse document frequency of tantivy's BM25: Robertson's with 1 added under the logarithm, so that it is never below 0.
pub(super) fn idf(chunks: u64, all: u64) -> f32 {
    let (chunks, all) = (chunks as f32, all.max(chunks) as f32);
    (1.0 + (all - chunks + 0.5) / (chunks + 0.5)).ln()
}

/// What several bases know of terms, taken together: with it a keyword score is what it would be if they were one base.
///
/// Of one tenant's bases only: scores tell of the words of everything that is counted here.
#[derive(Clone)]
pub(crate) struct SharedStatistics(Arc<[(Searcher, Allowed)]>);

impl SharedStatistics {
    /// Of each base its index, and what of it the viewer may see.
    pub(crate) fn new(bases: Vec<(Searcher, Allowed)>) -> Self {
        Self(bases.into())
    }

    /// Whether a chunk of any of the bases that the viewer may see has the term.
    pub(super) fn is_held(&self, term: &Term) -> Result<bool> {
        for (searcher, seen) in self.0.iter() {
            if is_held(searcher, seen, term)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn sum(&self, of: impl Fn(&Searcher) -> tantivy::Result<u64>) -> tantivy::Result<u64> {
        self.0.iter().map(|(searcher, _)| of(searcher)).sum()
    }
}

impl Bm25StatisticsProvider for SharedStatistics {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.sum(|searcher| searcher.total_num_tokens(field))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.sum(Bm25StatisticsProvider::total_num_docs)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.sum(|searcher| searcher.doc_freq(term))
    }
}

impl fmt::Debug for SharedStatistics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SharedStatistics")
            .field("bases", &self.0.len())
            .finish()
    }
}
