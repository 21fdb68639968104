use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, TERMINATED, TantivyError, Term};

use super::search::Chunks;
use crate::allowed::Allowed;
use crate::error::Result;

/// Removed chunks that are read before one that is still there; a word that more had is taken for held.
const MAX_READ: usize = 1_000;
/// Where the viewer does not see everything: a base may be full of what it does not.
const MAX_READ_BY_SOME: usize = 10_000;

/// Whether a chunk that is still there, and that the viewer may see, has the term. The index counts removed ones for as long as they are not merged away. What
/// was known of the others' words would tell whoever searches which words those are.
pub(super) fn is_held(searcher: &Searcher, seen: &Allowed, term: &Term) -> Result<bool> {
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(term.field())?;
        let found = inverted
            .read_postings(term, IndexRecordOption::Basic)
            .map_err(TantivyError::from)?;
        let Some(mut found) = found else {
            continue;
        };
        let alive = segment.alive_bitset();
        let (chunks, most) = match seen.is_everything() {
            true => (None, MAX_READ),
            false => (Some(Chunks::of(segment)?), MAX_READ_BY_SOME),
        };
        let mut read = 0;
        while found.doc() != TERMINATED {
            let doc = found.doc();
            let is_there = alive.is_none_or(|alive| alive.is_alive(doc));
            let is_seen = |chunks: &Chunks| chunks.get(doc).is_some_and(|chunk| seen.contains(chunk));
            if (is_there && chunks.as_ref().is_none_or(is_seen)) || read == most {
                return Ok(true);
            }
            read += 1;
            found.advance();
        }
    }
    Ok(false)
}
