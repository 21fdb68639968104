use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, TERMINATED, TantivyError, Term};

use crate::error::Result;

/// Removed chunks that are read before one that is still there; a word that more had is taken for held.
const MAX_READ: usize = 1_000;

/// Whether a chunk that is still there has the term. The index counts removed ones for as long as they are not merged away.
pub(super) fn is_held(searcher: &Searcher, term: &Term) -> Result<bool> {
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(term.field())?;
        let found = inverted
            .read_postings(term, IndexRecordOption::Basic)
            .map_err(TantivyError::from)?;
        let Some(mut found) = found else {
            continue;
        };
        let Some(alive) = segment.alive_bitset() else {
            return Ok(true);
        };
        let mut read = 0;
        while found.doc() != TERMINATED {
            if alive.is_alive(found.doc()) || read == MAX_READ {
                return Ok(true);
            }
            read += 1;
            found.advance();
        }
    }
    Ok(false)
}
