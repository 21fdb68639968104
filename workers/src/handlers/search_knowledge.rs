use super::{embedding, passages};
use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{FoundChunk, FoundChunks, SearchCandidate, SearchHitExplanation, SearchKnowledge, SearchMode};
use retrieval::{Explain, Filter, Hit, Mode, Query};
use std::time::Instant;
use store::{ChunkId, DocumentId, KnowledgeBaseId};

impl Handle for SearchKnowledge {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let started = Instant::now();
        let query = self.query(&job).await?;
        let found = passages::find(&job.app, job.tenant(), &self.knowledge_bases, &query).await?;
        let mut results: Vec<FoundChunk> = Vec::new();
        let mut candidates: Vec<SearchCandidate> = Vec::new();
        for (base, hits) in found.bases {
            results.extend(hits.hits.into_iter().map(|hit| found_chunk(base, hit)));
            candidates.extend(hits.ranking.into_iter().map(|candidate| SearchCandidate {
                knowledge_base_id: base,
                document_id: DocumentId(candidate.document_id),
                chunk_id: ChunkId(candidate.chunk_id),
                scores: explanation(candidate.explain),
            }));
        }
        // Each base came in order; only several need merging. A stable sort keeps equal scores in the order of the request.
        results.sort_by(|a, b| b.score.total_cmp(&a.score));
        results.truncate(self.limit);
        candidates.sort_by(|a, b| b.scores.score.total_cmp(&a.scores.score));
        Done::with(&FoundChunks {
            viewer: self.viewer,
            results,
            reranker: "none".to_owned(),
            stale: found.stale,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            candidates,
        })
    }
}

trait IntoQuery {
    async fn query(&self, job: &JobContext) -> Result<Query, JobError>;
}

impl IntoQuery for SearchKnowledge {
    async fn query(&self, job: &JobContext) -> Result<Query, JobError> {
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
        let vector = match self.mode {
            SearchMode::Keyword => None,
            SearchMode::Hybrid | SearchMode::Vector => Some(embedding::query_vector(&job.app, &self.query).await?),
        };
        Ok(Query {
            mode,
            limit: self.limit,
            candidates: settings.candidates.max(self.limit),
            fusion: passages::fusion(settings, self.fusion, self.alpha),
            filter,
            explain: self.explain,
            ..Query::new(self.query.clone(), vector, passages::viewer(&self.viewer))
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
