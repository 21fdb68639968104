//! Ranking metrics of one query, as trec_eval (NIST, version 9) defines them. All of them lie in 0..=1.
//!
//! As trec_eval does: a document that nobody judged is not relevant; equal scores are ordered by document id, the larger first; a query
//! without a relevant document is left out; a relevant document that was not found counts in the ideal and in recall.
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What the assessors said: document to relevance. Documents that are not there, or have 0 or less, are not relevant.
pub type Judged = HashMap<String, i64>;

/// What one ranking is worth, by each metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    #[serde(rename = "ndcg@10")]
    pub ndcg_at_10: f64,
    #[serde(rename = "recall@10")]
    pub recall_at_10: f64,
    #[serde(rename = "recall@50")]
    pub recall_at_50: f64,
    #[serde(rename = "mrr@10")]
    pub mrr_at_10: f64,
}

/// One of [`Scores`], by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    NdcgAt10,
    RecallAt10,
    RecallAt50,
    MrrAt10,
}

impl Metric {
    pub const ALL: [Self; 4] = [Self::NdcgAt10, Self::RecallAt10, Self::RecallAt50, Self::MrrAt10];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NdcgAt10 => "ndcg@10",
            Self::RecallAt10 => "recall@10",
            Self::RecallAt50 => "recall@50",
            Self::MrrAt10 => "mrr@10",
        }
    }

    /// The metric of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == name)
    }

    #[must_use]
    pub fn of(self, scores: &Scores) -> f64 {
        match self {
            Self::NdcgAt10 => scores.ndcg_at_10,
            Self::RecallAt10 => scores.recall_at_10,
            Self::RecallAt50 => scores.recall_at_50,
            Self::MrrAt10 => scores.mrr_at_10,
        }
    }
}

/// Scores one ranking; best document first, no document twice. `None` when nothing is relevant to the query: trec_eval
/// leaves such queries out.
#[must_use]
pub fn score(ranking: &[String], judged: &Judged) -> Option<Scores> {
    let relevant = judged.values().filter(|relevance| **relevance > 0).count();
    if relevant == 0 {
        return None;
    }
    Some(Scores {
        ndcg_at_10: ndcg(ranking, judged, 10),
        recall_at_10: recall(ranking, judged, relevant, 10),
        recall_at_50: recall(ranking, judged, relevant, 50),
        mrr_at_10: reciprocal_rank(ranking, judged, 10),
    })
}

fn relevance(document: &str, judged: &Judged) -> i64 {
    judged.get(document).copied().unwrap_or(0).max(0)
}

/// Normalised discounted cumulative gain, trec_eval's `ndcg_cut`: gain = relevance, discount = log2(rank + 1), ideal =
/// all judged documents in their best order (Järvelin and Kekäläinen 2002).
fn ndcg(ranking: &[String], judged: &Judged, cut: usize) -> f64 {
    let mut ideal: Vec<i64> = judged.values().copied().filter(|relevance| *relevance > 0).collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let best = discounted_gain(ideal.into_iter().take(cut));
    let found = discounted_gain(ranking.iter().take(cut).map(|document| relevance(document, judged)));
    if best > 0.0 { found / best } else { 0.0 }
}

fn discounted_gain(relevances: impl Iterator<Item = i64>) -> f64 {
    relevances
        .zip(2_u32..)
        .map(|(relevance, rank_plus_one)| relevance as f64 / f64::from(rank_plus_one).log2())
        .sum()
}

/// The share of the relevant documents that stands among the first `cut`: trec_eval's `recall`.
fn recall(ranking: &[String], judged: &Judged, relevant: usize, cut: usize) -> f64 {
    let found = ranking
        .iter()
        .take(cut)
        .filter(|document| relevance(document, judged) > 0)
        .count();
    found as f64 / relevant as f64
}

/// One over the rank of the first relevant document, 0 when it is not among the first `cut`.
fn reciprocal_rank(ranking: &[String], judged: &Judged, cut: usize) -> f64 {
    let first = ranking
        .iter()
        .take(cut)
        .zip(1_u32..)
        .find(|(document, _)| relevance(document, judged) > 0);
    first.map_or(0.0, |(_, rank)| 1.0 / f64::from(rank))
}

/// Documents by the best score of their chunks, best first. Equal scores are ordered by document id, the larger one
/// first, as trec_eval does, so that a ranking does not depend on the order in which chunks came.
#[must_use]
pub fn rank_documents(chunks: impl IntoIterator<Item = (String, f64)>) -> Vec<String> {
    let mut best: HashMap<String, f64> = HashMap::new();
    for (document, score) in chunks {
        let entry = best.entry(document).or_insert(f64::NEG_INFINITY);
        *entry = entry.max(score);
    }
    let mut ranked: Vec<(String, f64)> = best.into_iter().collect();
    ranked.sort_by(|(a, a_score), (b, b_score)| b_score.total_cmp(a_score).then_with(|| b.cmp(a)));
    ranked.into_iter().map(|(document, _)| document).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn judged(pairs: &[(&str, i64)]) -> Judged {
        pairs
            .iter()
            .map(|(document, relevance)| ((*document).to_owned(), *relevance))
            .collect()
    }

    fn ranking(documents: &[&str]) -> Vec<String> {
        documents.iter().map(|document| (*document).to_owned()).collect()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn ndcg_is_what_it_is_by_hand() {
        // DCG = 3/log2(2) + 2/log2(3) + 0 + 1/log2(5) = 3 + 1.261860 + 0.430677 = 4.692536
        // ideal (3, 3, 2, 1) = 3 + 1.892789 + 1 + 0.430677 = 6.323466
        let judged = judged(&[("a", 3), ("b", 2), ("c", 0), ("d", 1), ("missed", 3)]);
        let scores = score(&ranking(&["a", "b", "c", "d"]), &judged).unwrap();
        assert!(close(scores.ndcg_at_10, 4.692_536 / 6.323_466), "{}", scores.ndcg_at_10);
    }

    #[test]
    fn one_relevant_document_at_rank_three() {
        let scores = score(&ranking(&["x", "y", "a"]), &judged(&[("a", 1)])).unwrap();
        assert!(close(scores.ndcg_at_10, 0.5));
        assert!(close(scores.mrr_at_10, 1.0 / 3.0));
        assert!(close(scores.recall_at_50, 1.0));
    }

    #[test]
    fn the_ideal_is_cut_at_ten_but_recall_counts_all() {
        let names: Vec<String> = (0..20).map(|n| format!("d{n:02}")).collect();
        let judged = names.iter().map(|name| (name.clone(), 1)).collect();
        let scores = score(&names[..10], &judged).unwrap();
        assert!(close(scores.ndcg_at_10, 1.0));
        assert!(close(scores.recall_at_50, 0.5));
        let scores = score(&names[..16], &judged).unwrap();
        assert!(close(scores.recall_at_10, 0.5) && close(scores.recall_at_50, 0.8));
    }

    #[test]
    fn nothing_beyond_the_cut_counts() {
        let mut documents: Vec<String> = (0..50).map(|n| format!("x{n}")).collect();
        documents.push("a".into());
        let scores = score(&documents, &judged(&[("a", 1)])).unwrap();
        assert_eq!(
            scores,
            Scores {
                ndcg_at_10: 0.0,
                recall_at_10: 0.0,
                recall_at_50: 0.0,
                mrr_at_10: 0.0
            }
        );
    }

    #[test]
    fn every_metric_has_the_name_it_is_stored_under() {
        let scores = Scores {
            ndcg_at_10: 0.1,
            recall_at_10: 0.2,
            recall_at_50: 0.3,
            mrr_at_10: 0.4,
        };
        let stored = serde_json::to_value(scores).unwrap();
        for metric in Metric::ALL {
            assert_eq!(stored[metric.as_str()], metric.of(&scores));
            assert_eq!(Metric::named(metric.as_str()), Some(metric));
        }
        assert_eq!(Metric::named("map"), None);
    }

    #[test]
    fn a_query_without_relevant_documents_is_left_out() {
        assert_eq!(score(&ranking(&["a"]), &judged(&[("a", 0), ("b", -1)])), None);
    }

    #[test]
    fn a_document_is_as_good_as_its_best_chunk() {
        let chunks = [("a", 0.2), ("b", 0.5), ("a", 0.9), ("c", 0.5), ("d", -1.0)];
        let ranked = rank_documents(chunks.map(|(document, score)| (document.to_owned(), score)));
        assert_eq!(ranked, ["a", "c", "b", "d"]);
    }
}
