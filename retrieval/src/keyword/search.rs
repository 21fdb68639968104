use std::collections::HashMap;

use tantivy::columnar::Column;
use tantivy::query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocId, DocSet, Searcher, SegmentReader, TERMINATED, TantivyError, Term};

use super::index::KeywordIndex;
use super::schema::{DOCUMENT, PLACE};
use super::statistics::SharedStatistics;
use crate::allowed::Allowed;
use crate::analysis::QueryTerms;
use crate::documents::{ChunkRef, Documents};
use crate::error::Result;
use crate::top::{Ranked, Top};

/// What a match counts for beside the one in the chunk's text, whose boost is 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FieldBoosts {
    pub(crate) title: f32,
    pub(crate) headings: f32,
}

/// The keyword leg of one query, over one state of the index.
pub(crate) struct KeywordSearch<'a> {
    index: &'a KeywordIndex,
    searcher: &'a Searcher,
    /// `None` when the query has no usable term: every score is 0.
    weight: Option<Box<dyn Weight>>,
}

impl<'a> KeywordSearch<'a> {
    pub(crate) fn new(
        index: &'a KeywordIndex,
        searcher: &'a Searcher,
        terms: &QueryTerms,
        boosts: FieldBoosts,
        shared: Option<&SharedStatistics>,
    ) -> Result<Self> {
        let scoring = match shared {
            Some(shared) => EnableScoring::enabled_from_statistics_provider(shared, searcher),
            None => EnableScoring::enabled_from_searcher(searcher),
        };
        let fields = [
            (index.fields.body, 1.0),
            (index.fields.title, boosts.title),
            (index.fields.headings, boosts.headings),
        ];
        let weighted = fields.into_iter().filter(|(_, boost)| *boost > 0.0);
        let clauses: Vec<(Occur, Box<dyn Query>)> = weighted
            .flat_map(|(field, boost)| {
                terms
                    .iter()
                    .map(move |(term, weight)| (Occur::Should, clause(field, term, boost * weight)))
            })
            .collect();
        let weight = if clauses.is_empty() {
            None
        } else {
            Some(BooleanQuery::new(clauses).weight(scoring)?)
        };
        Ok(Self {
            index,
            searcher,
            weight,
        })
    }

    /// The best `limit` of the permitted chunks that hold any of the terms, best first.
    pub(crate) fn top(&self, allowed: &Allowed, limit: usize, documents: &Documents) -> Result<Vec<Ranked>> {
        let mut top = Top::new(limit);
        let Some(weight) = self.weight.as_ref().filter(|_| limit > 0) else {
            return Ok(Vec::new());
        };
        for segment in self.searcher.segment_readers() {
            let chunks = Chunks::of(segment)?;
            let alive = segment.alive_bitset();
            // tantivy skips what scores at or below the threshold; one step lower lets ties in, which the key decides.
            let threshold = top.threshold().next_down();
            let mut offer = |doc: DocId, score: f32| {
                if alive.is_none_or(|alive| alive.is_alive(doc))
                    && let Some(chunk) = chunks.get(doc).filter(|chunk| allowed.contains(*chunk))
                {
                    top.offer(score, chunk, documents);
                }
                top.threshold().next_down()
            };
            weight.for_each_pruning(threshold, segment, &mut offer)?;
        }
        Ok(top.into_ranking())
    }

    /// Where chunks are stored in the searched state; a chunk that is not there is left out.
    pub(crate) fn locate(&self, chunks: impl Iterator<Item = ChunkRef>) -> Result<HashMap<ChunkRef, DocAddress>> {
        let mut wanted: HashMap<u64, Vec<usize>> = HashMap::new();
        for chunk in chunks {
            wanted.entry(chunk.document).or_default().push(chunk.place);
        }
        let mut found = HashMap::new();
        for (segment_ord, segment) in (0..).zip(self.searcher.segment_readers()) {
            let inverted = segment.inverted_index(self.index.fields.document)?;
            let stored = Chunks::of(segment)?;
            for (&document, places) in &wanted {
                let term = Term::from_field_u64(self.index.fields.document, document);
                let postings = inverted.read_postings(&term, IndexRecordOption::Basic);
                let Some(mut postings) = postings.map_err(TantivyError::from)? else {
                    continue;
                };
                while postings.doc() != TERMINATED {
                    let doc = postings.doc();
                    if let Some(chunk) = stored.get(doc).filter(|chunk| places.contains(&chunk.place)) {
                        found.insert(chunk, DocAddress::new(segment_ord, doc));
                    }
                    postings.advance();
                }
            }
        }
        Ok(found)
    }

    /// The BM25 score of each chunk, 0 left out.
    pub(crate) fn scores(&self, addresses: &HashMap<ChunkRef, DocAddress>) -> Result<HashMap<ChunkRef, f32>> {
        let Some(weight) = &self.weight else {
            return Ok(HashMap::new());
        };
        let mut in_order: Vec<(DocAddress, ChunkRef)> =
            addresses.iter().map(|(&chunk, &address)| (address, chunk)).collect();
        in_order.sort_unstable_by_key(|&(address, _)| address);
        let mut scores = HashMap::new();
        for segment_chunks in in_order.chunk_by(|(left, _), (right, _)| left.segment_ord == right.segment_ord) {
            let Some((first, _)) = segment_chunks.first() else {
                continue;
            };
            let mut scorer = weight.scorer(self.searcher.segment_reader(first.segment_ord), 1.0)?;
            for &(address, chunk) in segment_chunks {
                if scorer.doc() < address.doc_id {
                    scorer.seek(address.doc_id);
                }
                if scorer.doc() == address.doc_id {
                    scores.insert(chunk, scorer.score());
                }
            }
        }
        Ok(scores)
    }
}

/// A term that occurs several times in the query counts as often.
fn clause(field: Field, term: &str, boost: f32) -> Box<dyn Query> {
    let query = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
    Box::new(BoostQuery::new(Box::new(query), boost))
}

/// Which chunk each of a segment's documents is.
pub(super) struct Chunks {
    documents: Column<u64>,
    places: Column<u64>,
}

impl Chunks {
    pub(super) fn of(segment: &SegmentReader) -> Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            documents: columns.u64(DOCUMENT)?,
            places: columns.u64(PLACE)?,
        })
    }

    pub(super) fn get(&self, doc: DocId) -> Option<ChunkRef> {
        let place = usize::try_from(self.places.first(doc)?).ok()?;
        Some(ChunkRef {
            document: self.documents.first(doc)?,
            place,
        })
    }
}
