//! A second look at the best of what was found: shared by search and answers.
use crate::error::Advice;
use crate::{JobContext, JobError};
use jobs::kinds::RerankError;
use retrieval::Hit;
use std::time::Duration;
use store::KnowledgeBaseId;

/// Named as the reranker where there was none.
pub(super) const NOT_RERANKED: &str = "none";

/// What was found, the best first.
pub(super) struct Ordered {
    pub(super) hits: Vec<OrderedHit>,
    /// [`NOT_RERANKED`] when fusion alone ordered them.
    pub(super) reranker: String,
    /// Why not, although it was wanted.
    pub(super) error: Option<RerankError>,
}

pub(super) struct OrderedHit {
    pub(super) base: KnowledgeBaseId,
    pub(super) hit: Hit,
    pub(super) rerank_score: Option<f32>,
}

impl Ordered {
    /// Puts what was not to be ordered behind the others.
    pub(super) fn append(&mut self, hits: Vec<(KnowledgeBaseId, Hit)>) {
        self.hits.extend(hits.into_iter().map(|(base, hit)| OrderedHit {
            base,
            hit,
            rerank_score: None,
        }));
    }
}

impl OrderedHit {
    /// What the hits are ordered by.
    pub(super) fn score(&self) -> f32 {
        self.rerank_score.unwrap_or(self.hit.score)
    }
}

/// Orders `hits`, which come in the order of their fused scores, by the reranker of that name. Where it fails they stay as they are: to somebody who waits an
/// answer in a lesser order is better than none. Whoever measures is told instead, and waits or tries again: figures of another order would be those of another
/// configuration.
pub(super) async fn order(
    job: &JobContext,
    reranker: Option<&str>,
    query: &str,
    hits: Vec<(KnowledgeBaseId, Hit)>,
) -> Result<Ordered, JobError> {
    let mut hits: Vec<OrderedHit> = hits
        .into_iter()
        .map(|(base, hit)| OrderedHit {
            base,
            hit,
            rerank_score: None,
        })
        .collect();
    let as_fused = |hits, error| Ordered {
        hits,
        reranker: NOT_RERANKED.to_owned(),
        error,
    };
    let Some(name) = reranker else {
        return Ok(as_fused(hits, None));
    };
    let passages: Vec<String> = hits.iter().map(|ordered| passage(&ordered.hit)).collect();
    let timeout = Duration::from_millis(job.app.settings.retrieval.rerank_timeout_ms);
    match job.app.rerankers.score(job, name, query, passages, timeout).await {
        Ok(scores) => {
            for (ordered, score) in hits.iter_mut().zip(scores) {
                ordered.rerank_score = Some(score * ordered.hit.factor);
            }
            // Stable: what the reranker thinks the same of stays in the fused order.
            hits.sort_by(|a, b| b.score().total_cmp(&a.score()));
            ended("reranked");
            Ok(Ordered {
                hits,
                reranker: name.to_owned(),
                error: None,
            })
        }
        Err(error) if *error.advice() == Advice::LeaseLost || !job.job.interactive => Err(error),
        Err(error) => {
            tracing::warn!(reranker = name, %error, "a search is answered without its reranker");
            ended("failed");
            Ok(as_fused(
                hits,
                Some(RerankError {
                    code: error.code().to_owned(),
                    message: error.message().to_owned(),
                }),
            ))
        }
    }
}

/// A chunk with what stands above it.
fn passage(hit: &Hit) -> String {
    let mut above: Vec<&str> = vec![&hit.title];
    above.extend(
        hit.headings
            .iter()
            .map(String::as_str)
            .filter(|heading| *heading != hit.title),
    );
    format!("{}\n{}", above.join(" > "), hit.text)
}

fn ended(outcome: &'static str) {
    metrics::counter!("searches_reranked_total", "outcome" => outcome).increment(1);
}
