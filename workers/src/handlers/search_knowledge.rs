use super::passages::{self, AskedBases, AskedIndex, Found};
use super::rerank::{self, Ordered, OrderedHit};
use super::shown;
use crate::{Done, Handle, JobContext, JobError};
use jobs::AskedSettings;
use jobs::kinds::{FoundChunk, FoundChunks, SearchCandidate, SearchHitExplanation, SearchKnowledge, SearchMode};
use retrieval::{Explain, Mode, Phrase, Query, Recency, Wording};
use std::collections::{HashMap, HashSet};
use std::time::Instant;
use store::{ChunkId, DocumentId};
use uuid::Uuid;

/// With `collapse`, how many chunks are looked through for each result that is wanted.
const LOOKED_THROUGH: usize = 3;

impl Handle for SearchKnowledge {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        Done::with(&find_chunks(&job, self, None).await?)
    }
}

/// Searches: what a search answers with, and what an evaluation measures. An evaluation looks further down than clients do: so many candidates and reranked chunks as for
/// somebody who asks for `as_for`, and then more of what was found.
pub(super) async fn find_chunks(
    job: &JobContext,
    search: SearchKnowledge,
    as_for: Option<usize>,
) -> Result<FoundChunks, JobError> {
    let started = Instant::now();
    let mut asked = AskedSettings::from(&search);
    let bases = AskedBases::read(job, &search.knowledge_bases, AskedIndex::of(&search)).await?;
    let query = search.query(job, &asked, &bases)?;
    let ranked = search.looked_at(as_for.unwrap_or(search.limit), job, &asked, &bases);
    asked.candidates_at_least = Some(ranked);
    let mut found = passages::find(job, &bases, &query, &asked).await?;
    let mut hits = found.merged();
    let mut unordered = Vec::new();
    if search.reranker.is_some() {
        hits.truncate(query.limit);
        // A reranker may be somebody else's: it is told nothing of what was deleted or withdrawn.
        hits = shown::visible(job, &search.viewer, hits).await?;
        unordered = hits.split_off(ranked.min(hits.len()));
    } else if search.collapse {
        // What is hidden by now must not take the place of what says the same and is not.
        hits = shown::visible(job, &search.viewer, hits).await?;
    }
    let mut ordered = rerank::order(job, search.reranker.as_deref(), &search.query, hits).await?;
    ordered.append(unordered);
    let candidates = candidates(&found, &ordered);
    // Pictures of one title are not the same picture.
    let images = match search.collapse {
        true => shown::images(job, &ordered.hits).await?,
        false => HashSet::new(),
    };
    Ok(FoundChunks {
        results: search.results(ordered.hits, &images),
        viewer: search.viewer,
        reranker: ordered.reranker,
        rerank_error: ordered.error,
        stale: found.stale,
        phrases_partial: found.phrases_partial(),
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        candidates,
        neighbours: search.neighbours,
        include_metadata: search.include_metadata,
    })
}

/// The best of the chunks that were ranked: first those that the reranker was given, by its scores.
fn candidates(found: &Found, ordered: &Ordered) -> Vec<SearchCandidate> {
    let rerank_scores: HashMap<Uuid, Option<f32>> = ordered
        .hits
        .iter()
        .map(|ordered| (ordered.hit.chunk_id, ordered.rerank_score))
        .collect();
    let mut candidates: Vec<SearchCandidate> = Vec::new();
    for (base, of_base) in &found.bases {
        candidates.extend(of_base.ranking.iter().map(|candidate| SearchCandidate {
            knowledge_base_id: *base,
            document_id: DocumentId(candidate.document_id),
            chunk_id: ChunkId(candidate.chunk_id),
            scores: explanation(
                candidate.explain,
                rerank_scores.get(&candidate.chunk_id).copied().flatten(),
            ),
        }));
    }
    // Scores of a reranker are never below 0.
    let key = |candidate: &SearchCandidate| (candidate.scores.rerank_score.unwrap_or(-1.0), candidate.scores.score);
    candidates.sort_by(|a, b| {
        let ((rerank_a, fused_a), (rerank_b, fused_b)) = (key(a), key(b));
        rerank_b.total_cmp(&rerank_a).then(fused_b.total_cmp(&fused_a))
    });
    candidates.truncate(SearchKnowledge::EXPLAINED_MAX);
    candidates
}

trait IntoResults {
    fn results(&self, hits: Vec<OrderedHit>, images: &HashSet<ChunkId>) -> Vec<FoundChunk>;
}

impl IntoResults for SearchKnowledge {
    /// The best `limit`; with `collapse`, of those that say the same only the first.
    fn results(&self, hits: Vec<OrderedHit>, images: &HashSet<ChunkId>) -> Vec<FoundChunk> {
        let mut results: Vec<FoundChunk> = Vec::new();
        let mut wordings: Vec<Wording> = Vec::new();
        for ordered in hits {
            if self.collapse {
                // Texts without words are never alike.
                let is_image = images.contains(&ChunkId(ordered.hit.chunk_id));
                let wording = Wording::of(if is_image { "" } else { &ordered.hit.text });
                let same = wordings.iter().position(|other| other.is_near(&wording));
                if let Some(first) = same.and_then(|place| results.get_mut(place)) {
                    first.duplicates.push(ChunkId(ordered.hit.chunk_id));
                    continue;
                }
                wordings.push(wording);
            }
            if results.len() == self.limit {
                break;
            }
            results.push(found_chunk(ordered));
        }
        results
    }
}

trait IntoQuery {
    fn looked_at(&self, limit: usize, job: &JobContext, asked: &AskedSettings, bases: &AskedBases) -> usize;
    fn query(&self, job: &JobContext, asked: &AskedSettings, bases: &AskedBases) -> Result<Query, JobError>;
}

impl IntoQuery for SearchKnowledge {
    /// How many chunks are looked at for `limit` results.
    fn looked_at(&self, limit: usize, job: &JobContext, asked: &AskedSettings, bases: &AskedBases) -> usize {
        if self.reranker.is_some() {
            // It is given no more than that, whatever would be looked through without it.
            let settings = &job.app.settings.retrieval;
            return asked.rerank_candidates(settings, bases.settings()).max(limit);
        }
        match self.collapse {
            true => limit * LOOKED_THROUGH,
            false => limit,
        }
    }

    fn query(&self, job: &JobContext, asked: &AskedSettings, bases: &AskedBases) -> Result<Query, JobError> {
        let mode = match self.mode {
            SearchMode::Hybrid => Mode::Hybrid,
            SearchMode::Keyword => Mode::Keyword,
            SearchMode::Vector => Mode::Vector,
        };
        let limit = self.looked_at(self.limit, job, asked, bases).max(self.limit);
        let usual = Query::new(self.query.clone(), None, passages::viewer(&self.viewer));
        Ok(Query {
            mode,
            limit,
            filter: passages::filter(self.filter.as_ref(), &self.collections)?,
            explain: self.explain,
            phrases: self
                .phrases
                .iter()
                .filter_map(|phrase| Phrase::new(phrase.as_str()))
                .collect(),
            tolerate_typos: self.tolerate_typos,
            recency: self.recency.as_ref().map(|recency| Recency {
                field: recency.field.clone(),
                half_life_days: recency.half_life_days,
                weight: recency.weight,
                now: chrono::Utc::now(),
            }),
            ..usual
        })
    }
}

fn found_chunk(ordered: OrderedHit) -> FoundChunk {
    let score = ordered.score();
    let OrderedHit {
        base,
        hit,
        rerank_score,
    } = ordered;
    FoundChunk {
        knowledge_base_id: base,
        document_id: DocumentId(hit.document_id),
        chunk_id: ChunkId(hit.chunk_id),
        score,
        similarity: hit.similarity,
        highlights: hit
            .highlights
            .into_iter()
            .map(|place| (place.start, place.end))
            .collect(),
        duplicates: Vec::new(),
        explain: hit.explain.map(|explain| explanation(explain, rerank_score)),
    }
}

fn explanation(explain: Explain, rerank_score: Option<f32>) -> SearchHitExplanation {
    SearchHitExplanation {
        keyword_score: explain.keyword_score,
        keyword_share: explain.keyword_share,
        keyword_rank: explain.keyword_rank,
        vector_score: explain.cosine,
        vector_rank: explain.vector_rank,
        score: explain.score,
        rerank_score,
    }
}
