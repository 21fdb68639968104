//! The keyword leg: BM25 over one tantivy directory a base (k1 = 1.2, b = 0.75, tantivy's constants).

mod directory;
mod index;
mod schema;
mod search;

pub(crate) use index::KeywordIndex;
pub(crate) use search::KeywordSearch;
