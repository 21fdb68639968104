use super::passages;
use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{FoundChunk, FoundChunks, SearchCandidate, SearchHitExplanation, SearchKnowledge, SearchMode};
use retrieval::{Explain, Filter, Hit, Mode, Phrase, Query, Recency, Wording};
use std::time::Instant;
use store::{ChunkId, DocumentId, KnowledgeBaseId};

/// With `collapse`, how many chunks are looked through for each result that is wanted.
const LOOKED_THROUGH: usize = 3;

impl Handle for SearchKnowledge {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let started = Instant::now();
        let query = self.query(&job)?;
        let found = passages::find(&job, &self.knowledge_bases, &query).await?;
        let mut hits: Vec<(KnowledgeBaseId, Hit)> = Vec::new();
        let mut candidates: Vec<SearchCandidate> = Vec::new();
        for (base, of_base) in found.bases {
            hits.extend(of_base.hits.into_iter().map(|hit| (base, hit)));
            candidates.extend(of_base.ranking.into_iter().map(|candidate| SearchCandidate {
                knowledge_base_id: base,
                document_id: DocumentId(candidate.document_id),
                chunk_id: ChunkId(candidate.chunk_id),
                scores: explanation(candidate.explain),
            }));
        }
        // Each base came in order; only several need merging. A stable sort keeps equal scores in the order of the request.
        hits.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
        let results = self.results(hits);
        candidates.sort_by(|a, b| b.scores.score.total_cmp(&a.scores.score));
        Done::with(&FoundChunks {
            viewer: self.viewer,
            results,
            reranker: "none".to_owned(),
            stale: found.stale,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            candidates,
            neighbours: self.neighbours,
        })
    }
}

trait IntoResults {
    fn results(&self, hits: Vec<(KnowledgeBaseId, Hit)>) -> Vec<FoundChunk>;
}

impl IntoResults for SearchKnowledge {
    /// The best `limit`; with `collapse`, of those that say the same only the first.
    fn results(&self, hits: Vec<(KnowledgeBaseId, Hit)>) -> Vec<FoundChunk> {
        let mut results: Vec<FoundChunk> = Vec::new();
        let mut wordings: Vec<Wording> = Vec::new();
        for (base, hit) in hits {
            if self.collapse {
                let wording = Wording::of(&hit.text);
                let same = wordings.iter().position(|other| other.is_near(&wording));
                if let Some(first) = same.and_then(|place| results.get_mut(place)) {
                    first.duplicates.push(ChunkId(hit.chunk_id));
                    continue;
                }
                wordings.push(wording);
            }
            if results.len() == self.limit {
                break;
            }
            results.push(found_chunk(base, hit));
        }
        results
    }
}

trait IntoQuery {
    fn query(&self, job: &JobContext) -> Result<Query, JobError>;
}

impl IntoQuery for SearchKnowledge {
    fn query(&self, job: &JobContext) -> Result<Query, JobError> {
        let settings = &job.app.settings.retrieval;
        let filter = self.filter.as_ref().map(Filter::parse).transpose().map_err(|errors| {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            JobError::permanent(
                "invalid_filter",
                format!("The filter cannot be used: {}", all.join("; ")),
            )
        })?;
        let mode = match self.mode {
            SearchMode::Hybrid => Mode::Hybrid,
            SearchMode::Keyword => Mode::Keyword,
            SearchMode::Vector => Mode::Vector,
        };
        let usual = Query::new(self.query.clone(), None, passages::viewer(&self.viewer));
        Ok(Query {
            mode,
            limit: if self.collapse {
                self.limit * LOOKED_THROUGH
            } else {
                self.limit
            },
            candidates: settings.candidates.max(self.limit),
            fusion: passages::fusion(settings, self.fusion, self.alpha),
            filter,
            explain: self.explain,
            phrases: self
                .phrases
                .iter()
                .filter_map(|phrase| Phrase::new(phrase.as_str()))
                .collect(),
            tolerate_typos: self.tolerate_typos,
            title_boost: self.title_boost.unwrap_or(usual.title_boost),
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

fn found_chunk(base: KnowledgeBaseId, hit: Hit) -> FoundChunk {
    FoundChunk {
        knowledge_base_id: base,
        document_id: DocumentId(hit.document_id),
        chunk_id: ChunkId(hit.chunk_id),
        score: hit.score,
        highlights: hit
            .highlights
            .into_iter()
            .map(|place| (place.start, place.end))
            .collect(),
        duplicates: Vec::new(),
        explain: hit.explain.map(explanation),
    }
}

fn explanation(explain: Explain) -> SearchHitExplanation {
    SearchHitExplanation {
        keyword_score: explain.keyword_score,
        keyword_rank: explain.keyword_rank,
        vector_score: explain.cosine,
        vector_rank: explain.vector_rank,
        score: explain.score,
    }
}
