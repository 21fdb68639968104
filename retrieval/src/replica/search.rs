use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use tantivy::tokenizer::TextAnalyzer;
use tantivy::{DocAddress, Searcher};

use super::narrowed::Narrowed;
use super::state::{Replica, State};
use super::vector_leg::{VectorAsk, VectorLeg};
use crate::allowed::Allowed;
use crate::analysis::{QueryTerms, ReadQuery, analyzer, query_words};
use crate::documents::{ChunkRef, Document};
use crate::error::{Error, Result};
use crate::fusion::{Candidate, Fusion, rank};
use crate::highlight::highlights;
use crate::keyword::{FieldBoosts, KeywordSearch, SharedStatistics, StoredChunk, holding};
use crate::language::Language;
use crate::query::{CandidateScore, Explain, Hit, Hits, Mode, Query};
use crate::recency::Recency;
use crate::top::Ranked;
use crate::vectors::normalised;

const MAX_LIMIT: usize = 1000;
const MAX_BOOST: f32 = 10.0;
const MAX_CANDIDATES: usize = 10_000;

impl Replica {
    /// Finds the chunks that answer a query best, among those its viewer may see and its filter lets through.
    pub fn search(&self, query: &Query) -> Result<Hits> {
        let (hits, has_moved) = self.search_once(query)?;
        // Of documents that were replaced while a server was asked, neither version was found.
        if has_moved {
            Ok(self.search_once(query)?.0)
        } else {
            Ok(hits)
        }
    }

    /// And whether the state has changed meanwhile.
    fn search_once(&self, query: &Query) -> Result<(Hits, bool)> {
        let vector = self.query_vector(query)?;
        let state = self.read()?;
        let cursor = state.cursor;
        let together = query.together.as_ref();
        let shared = together.map(|together| &together.statistics);
        let seen = Allowed::seen_by(&query.viewer, &state.documents);
        let read = self.terms(&state, query, &seen, shared)?;
        // Stays as it is while the vectors are asked elsewhere and the state goes on.
        let searcher = state.searcher.clone();
        let keyword = KeywordSearch::new(&self.keyword, &searcher, &read.terms, boosts(query), shared)?;
        let ceiling = self.ceiling(query, &searcher, &read, shared)?;
        let allowed = self.allowed(&state, query, seen)?;
        let limit = query.candidates.min(MAX_CANDIDATES);
        let by_keyword = match query.mode {
            Mode::Vector => Vec::new(),
            Mode::Hybrid | Mode::Keyword => keyword.top(&allowed, limit, &state.documents)?,
        };
        let ask = VectorAsk {
            mode: query.mode,
            vector: vector.as_deref(),
            limit,
            allowed: &allowed,
            by_keyword: &by_keyword,
            stop: &query.stop,
        };
        let (state, leg) = VectorLeg::run(self, state, &ask)?;
        let has_moved = state.cursor != cursor;
        let mut candidates = candidates(&state, &keyword, &ask, &leg)?;
        let recency = query.recency.as_ref();
        rank(&mut candidates, query.mode, query.fusion, ceiling, |chunk: ChunkRef| {
            let document = state.documents.get(chunk.document);
            document.map_or(1.0, |document| factor(document, recency))
        });
        candidates.retain(|candidate| query.admits(&candidate.explain));
        let wanted = candidates.get(..query.limit.min(MAX_LIMIT)).unwrap_or(&candidates);
        let mut hits = Hits {
            candidates: candidates.len(),
            phrases_partial: allowed.is_partial(),
            ..Hits::default()
        };
        hits.hits = self.hits(
            &state,
            (&searcher, &keyword),
            wanted,
            &mut Shown::new(query, &read.terms),
        )?;
        if query.explain {
            let explained = candidates.iter().map(|candidate| explained(&state, candidate, recency));
            hits.ranking = explained.collect();
            hits.terms = read.terms.into_iter().map(|(term, _)| term).collect();
        }
        Ok((hits, has_moved))
    }

    /// What the query may look at.
    pub(crate) fn narrowed(&self, query: &Query) -> Result<Narrowed> {
        let state = self.read()?;
        let seen = Allowed::seen_by(&query.viewer, &state.documents);
        let allowed = self.allowed(&state, query, seen)?;
        Ok(Narrowed::new(self, state.cursor, query, allowed))
    }

    /// What the query's words are in what is seen of this base, beside those whose statistics it shares.
    pub(super) fn terms(
        &self,
        state: &State,
        query: &Query,
        seen: &Allowed,
        shared: Option<&SharedStatistics>,
    ) -> Result<ReadQuery> {
        let words = query_words(&self.keyword.languages(&state.searcher)?, &query.text);
        self.keyword
            .terms((&state.searcher, seen), shared, &words, query.tolerate_typos)
    }

    /// What keyword scores are measured by, where a search weighs them.
    fn ceiling(
        &self,
        query: &Query,
        searcher: &Searcher,
        read: &ReadQuery,
        shared: Option<&SharedStatistics>,
    ) -> Result<f32> {
        match (query.mode, query.fusion) {
            (Mode::Hybrid, Fusion::Weighted { .. }) => match shared {
                Some(shared) => self.keyword.ceiling(shared, &read.words, boosts(query)),
                None => self.keyword.ceiling(searcher, &read.words, boosts(query)),
            },
            _ => Ok(0.0),
        }
    }

    /// What the query may look at: of what its viewer sees, within its filter, where its phrases stand.
    pub(super) fn allowed(&self, state: &State, query: &Query, seen: Allowed) -> Result<Arc<Allowed>> {
        let mut narrowed = query.together.iter().flat_map(|together| together.narrowed.iter());
        if let Some(known) = narrowed.find_map(|narrowed| narrowed.of(self, state.cursor, query)) {
            return Ok(known);
        }
        let allowed = seen.within(query.filter.as_ref(), &state.documents, &query.stop)?;
        if query.phrases.is_empty() {
            return Ok(Arc::new(allowed));
        }
        let holding = holding(
            &self.keyword,
            &state.searcher,
            (&query.phrases, query.phrase_reads, &query.stop),
            &allowed,
            &state.documents,
        )?;
        Ok(Arc::new(allowed.only(holding)))
    }

    /// The query's vector scaled to length 1, or `None` when the mode does without.
    fn query_vector(&self, query: &Query) -> Result<Option<Vec<f32>>> {
        let mode = match query.mode {
            Mode::Keyword => return Ok(None),
            Mode::Hybrid => "hybrid",
            Mode::Vector => "vector",
        };
        let vector = query.vector.as_deref().ok_or(Error::MissingQueryVector { mode })?;
        let expected = self.options.dimensions;
        if vector.len() != expected {
            return Err(Error::QueryVectorLength {
                expected,
                actual: vector.len(),
            });
        }
        normalised(vector).map(Some).ok_or(Error::QueryVectorNotFinite)
    }

    pub(super) fn hits(
        &self,
        state: &State,
        (searcher, keyword): (&Searcher, &KeywordSearch<'_>),
        wanted: &[Candidate],
        shown: &mut Shown,
    ) -> Result<Vec<Hit>> {
        let addresses = keyword.locate(wanted.iter().map(|candidate| candidate.chunk))?;
        let mut hits = Vec::with_capacity(wanted.len());
        for candidate in wanted {
            let document = state.documents.get(candidate.chunk.document);
            let (Some(document), Some(&address)) = (document, addresses.get(&candidate.chunk)) else {
                continue;
            };
            let stored = self.keyword.stored(searcher, address)?;
            hits.push(Hit {
                document_id: candidate.key.document_id,
                chunk_id: candidate.key.chunk_id,
                ordinal: candidate.key.ordinal,
                title: document.title.clone(),
                score: candidate.explain.score,
                similarity: candidate.explain.cosine,
                factor: factor(document, shown.recency.as_ref()),
                highlights: shown.highlights(&stored),
                headings: stored.headings,
                text: stored.text,
                explain: shown.explain.then_some(candidate.explain),
            });
        }
        Ok(hits)
    }
}

/// What shapes a hit besides its chunk.
pub(super) struct Shown {
    analyzers: HashMap<Language, TextAnalyzer>,
    terms: HashSet<String>,
    explain: bool,
    recency: Option<Recency>,
}

impl Shown {
    pub(super) fn new(query: &Query, terms: &QueryTerms) -> Self {
        let terms = terms.iter().map(|(term, _)| term.clone()).collect();
        Self {
            analyzers: HashMap::new(),
            terms,
            explain: query.explain,
            recency: query.recency.clone(),
        }
    }

    fn highlights(&mut self, stored: &StoredChunk) -> Vec<Range<usize>> {
        let language = stored.language;
        let analyzer = self.analyzers.entry(language).or_insert_with(|| analyzer(language));
        highlights(analyzer, &stored.text, &self.terms)
    }
}

/// Gives every chunk that one of the legs proposes the scores of both.
fn candidates(
    state: &State,
    keyword: &KeywordSearch<'_>,
    ask: &VectorAsk<'_>,
    leg: &VectorLeg,
) -> Result<Vec<Candidate>> {
    let mut candidates = Candidates::default();
    for (ranked, place) in ask.by_keyword.iter().zip(1..) {
        let explain = candidates.entry(ranked);
        explain.keyword_rank = Some(place);
        explain.keyword_score = Some(ranked.score);
    }
    for (ranked, place) in leg.proposed.iter().zip(1..) {
        let explain = candidates.entry(ranked);
        explain.vector_rank = Some(place);
        explain.cosine = Some(ranked.score);
    }
    if let (Mode::Hybrid, Some(vector)) = (ask.mode, ask.vector) {
        candidates.complete(state, keyword, leg, vector)?;
    }
    Ok(candidates.0.into_values().collect())
}

#[derive(Default)]
struct Candidates(HashMap<ChunkRef, Candidate>);

impl Candidates {
    fn entry(&mut self, ranked: &Ranked) -> &mut Explain {
        let new = || Candidate {
            key: ranked.key,
            chunk: ranked.chunk,
            explain: Explain::default(),
        };
        &mut self.0.entry(ranked.chunk).or_insert_with(new).explain
    }

    /// Scores each candidate with the leg that did not propose it.
    fn complete(&mut self, state: &State, keyword: &KeywordSearch<'_>, leg: &VectorLeg, query: &[f32]) -> Result<()> {
        let unscored = self
            .0
            .values()
            .filter(|candidate| candidate.explain.keyword_score.is_none());
        let addresses: HashMap<ChunkRef, DocAddress> = keyword.locate(unscored.map(|candidate| candidate.chunk))?;
        let scores = keyword.scores(&addresses)?;
        for Candidate { chunk, explain, key } in self.0.values_mut() {
            if explain.keyword_score.is_none() {
                explain.keyword_score = Some(scores.get(chunk).copied().unwrap_or_default());
            }
            if explain.cosine.is_none() {
                explain.cosine = Some(leg.cosine(state, *chunk, key.chunk_id, query));
            }
        }
        Ok(())
    }
}

fn factor(document: &Document, recency: Option<&Recency>) -> f32 {
    recency.map_or(1.0, |recency| recency.factor(&|path| document.field(path)))
}

fn boosts(query: &Query) -> FieldBoosts {
    FieldBoosts {
        title: query.title_boost.clamp(0.0, MAX_BOOST),
        headings: query.heading_boost.clamp(0.0, MAX_BOOST),
    }
}

fn explained(state: &State, candidate: &Candidate, recency: Option<&Recency>) -> CandidateScore {
    let document = state.documents.get(candidate.chunk.document);
    CandidateScore {
        factor: document.map_or(1.0, |document| factor(document, recency)),
        document_id: candidate.key.document_id,
        chunk_id: candidate.key.chunk_id,
        explain: candidate.explain,
    }
}
