//! The keyword leg: BM25 over one tantivy directory a base (k1 = 1.2, b = 0.75, tantivy's constants).

mod compounds;
mod directory;
mod held;
mod index;
mod phrases;
mod schema;
mod search;
mod spelling;
mod statistics;

pub(crate) use index::{KeywordIndex, StoredChunk};
pub(crate) use phrases::{Holding, USUALLY_READ, holding};
pub(crate) use search::{FieldBoosts, KeywordSearch};
pub(crate) use statistics::SharedStatistics;
