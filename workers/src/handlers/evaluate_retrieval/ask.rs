use crate::handlers::rerank::NOT_RERANKED;
use crate::handlers::search_knowledge::find_chunks;
use crate::{JobContext, JobError};
use jobs::kinds::{BaseAt, FoundChunks, SearchConfiguration, SearchKnowledge, SearchMode, Viewer};
use retrieval::evaluation::{Judged, Scores, rank_documents, score};
use std::time::Duration;
use store::evaluations::{JudgedDocument, Waiting};
use store::{KnowledgeBaseId, TestQuestionId, TestSetId, VectorStore};
use tokio::time::Instant;

/// Chunks asked for per question, the most that a search gives: documents are ranked by the best of theirs.
const CHUNKS: usize = SearchKnowledge::LIMIT_MAX;
/// How many a client asks for who does not say: so many candidates each leg proposes, and so many a reranker orders, whatever less a configuration says.
const USUAL_LIMIT: usize = SearchKnowledge::LIMIT;
/// How long an attempt waits for the index to see all that was there when the evaluation began.
const INDEX_WAIT: Duration = Duration::from_mins(10);

/// What is the same for every question.
pub(super) struct Task {
    pub(super) set: TestSetId,
    pub(super) configurations: Vec<SearchConfiguration>,
    pub(super) base: KnowledgeBaseId,
    /// The change of the base that searches have to see.
    pub(super) index_seq: i64,
}

/// Waits until searches see every document that was there when the evaluation began: figures over half an index would say nothing.
pub(super) async fn bring_up_index(job: &JobContext, task: &Task) -> Result<(), JobError> {
    let until = Instant::now() + INDEX_WAIT;
    for configuration in &task.configurations {
        loop {
            // Words cost nothing. Vectors on a server follow by themselves: then as it will be asked, too.
            let is_served = configuration.vector_store.as_deref() != Some(VectorStore::Embedded.as_str());
            let modes = [
                Some(SearchMode::Keyword),
                Some(configuration.mode).filter(|_| is_served),
            ];
            let mut is_stale = false;
            for mode in modes.into_iter().flatten() {
                let mut search = task.search("index", Some(configuration));
                (search.mode, search.limit) = (mode, 1);
                (search.rerank, search.reranker) = (false, None);
                is_stale = is_stale || find_chunks(job, search, None).await?.stale;
            }
            if !is_stale {
                break;
            }
            if Instant::now() >= until {
                return Err(stale());
            }
            job.progress(0, None, "waiting for the index");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}

/// What each configuration scores on the question.
pub(super) async fn ask(
    job: &JobContext,
    task: &Task,
    question: Waiting,
    judged: Vec<JudgedDocument>,
) -> Result<(TestQuestionId, Vec<Scores>), JobError> {
    let judged = by_document(judged);
    let mut scores = Vec::with_capacity(task.configurations.len());
    for configuration in &task.configurations {
        let found = find_chunks(
            job,
            task.search(&question.query, Some(configuration)),
            Some(USUAL_LIMIT),
        )
        .await?;
        if found.stale {
            return Err(stale());
        }
        scores.extend(scored(&found, &judged));
    }
    Ok((question.id, scores))
}

fn stale() -> JobError {
    JobError::retry("stale", "The index has not caught up with the base yet.")
}

impl Task {
    /// The search that a client would ask for, over all documents.
    fn search(&self, query: &str, configuration: Option<&SearchConfiguration>) -> SearchKnowledge {
        SearchKnowledge {
            knowledge_bases: vec![BaseAt {
                id: self.base,
                seq: self.index_seq,
            }],
            query: query.to_owned(),
            limit: CHUNKS,
            mode: configuration.map(|it| it.mode).unwrap_or_default(),
            rerank: configuration.is_some_and(|it| it.reranker.is_some()),
            reranker: configuration.and_then(|it| it.reranker.clone()),
            rerank_candidates: configuration.map(|it| it.rerank_candidates),
            candidates: configuration.map(|it| it.candidates),
            filter: None,
            collections: Vec::new(),
            viewer: Viewer::Tenant,
            explain: false,
            fusion: configuration.map(|it| it.fusion),
            alpha: configuration.and_then(|it| it.alpha),
            phrases: Vec::new(),
            tolerate_typos: configuration.is_none_or(|it| it.tolerate_typos),
            title_boost: configuration.map(|it| it.title_boost),
            heading_boost: configuration.map(|it| it.heading_boost),
            recency: configuration.and_then(|it| it.recency.clone()),
            // As it was written down, whatever the base says by now: 0 leaves nothing out.
            min_similarity: configuration.map(|it| it.min_similarity.unwrap_or(0.0)),
            collapse: false,
            neighbours: 0,
            include_metadata: false,
            embedding_model: configuration.and_then(|it| it.embedding_model.clone()),
            vector_store: configuration.and_then(|it| it.vector_store.clone()),
        }
    }
}

fn scored(found: &FoundChunks, judged: &Judged) -> Option<Scores> {
    // What a reranker was not given stands behind what it was, with a score of another kind.
    let is_reranked = found.reranker != NOT_RERANKED;
    let chunks = found.results.iter().zip(1_u32..);
    let ranking = rank_documents(chunks.map(|(chunk, place)| {
        let score = if is_reranked {
            1.0 / f64::from(place)
        } else {
            f64::from(chunk.score)
        };
        (chunk.document_id.to_string(), score)
    }));
    score(&ranking, judged)
}

/// By document id; a document that is not there stands under a name that none has. Judged twice, the better counts.
fn by_document(judged: Vec<JudgedDocument>) -> Judged {
    let mut by_document = Judged::new();
    for judgement in judged {
        let name = match judgement.document_id {
            Some(id) => id.to_string(),
            None => format!("missing {}", judgement.external_id.unwrap_or_default()),
        };
        let relevance = by_document.entry(name).or_insert(0);
        *relevance = (*relevance).max(i64::from(judgement.relevance));
    }
    by_document
}
