//! The figures of an evaluation, as JSON (API.md) and as a table.

use std::collections::{BTreeMap, HashMap};

use retrieval::evaluation::{Scores, compare, mean};
use serde::Serialize;
use uuid::Uuid;

use super::measure::{CHUNKS, ModeRun};
use crate::client::{Client, ClientError, Document, list_all};
use crate::commands::search::Mode;
use crate::ingest::Tally;
use crate::render::one_line;

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) dataset: String,
    pub(crate) queries: usize,
    pub(crate) documents: usize,
    pub(crate) modes: BTreeMap<Mode, Figures>,
    /// `hybrid-keyword`, `hybrid-vector`: the difference of nDCG@10 over the same queries.
    pub(crate) paired: BTreeMap<String, Difference>,
    /// As given; the system's own setting where it is null.
    pub(crate) alpha: Option<f64>,
    /// A document's score is the maximum over its chunks among this many.
    pub(crate) chunks_per_query: usize,
    /// What was sent before the queries; null with `--skip-ingest`.
    pub(crate) ingest: Option<Tally>,
}

/// A mean difference with its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Difference {
    #[serde(rename = "ndcg@10")]
    mean: f64,
    ci95: [f64; 2],
}

#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    #[serde(rename = "ndcg@10")]
    ndcg_at_10: f64,
    #[serde(rename = "recall@50")]
    recall_at_50: f64,
    #[serde(rename = "mrr@10")]
    mrr_at_10: f64,
    /// Of the whole call over HTTP, one query at a time.
    p50_ms: f64,
    p99_ms: f64,
    stale: usize,
}

impl Report {
    pub(crate) fn new(dataset: &str, documents: usize, runs: &BTreeMap<Mode, ModeRun>, alpha: Option<f64>) -> Self {
        Self {
            dataset: dataset.to_owned(),
            queries: runs.values().map(|run| run.scores.len()).max().unwrap_or(0),
            documents,
            modes: runs.iter().map(|(mode, run)| (*mode, figures(run))).collect(),
            paired: paired(runs),
            alpha,
            chunks_per_query: CHUNKS,
            ingest: None,
        }
    }

    pub(crate) fn text(&self) -> String {
        let name = one_line(&self.dataset, 60);
        let mut text = format!("{name}: {} queries, {} documents\n", self.queries, self.documents);
        text.push_str("mode      nDCG@10  recall@50  MRR@10   p50 ms   p99 ms\n");
        for (mode, of) in &self.modes {
            text.push_str(&format!(
                "{:8}   {:.4}     {:.4}  {:.4}  {:7.1}  {:7.1}\n",
                name_of(*mode),
                of.ndcg_at_10,
                of.recall_at_50,
                of.mrr_at_10,
                of.p50_ms,
                of.p99_ms
            ));
            if of.stale > 0 {
                text.push_str(&format!(
                    "{:8}   {} searches did not see every document\n",
                    "", of.stale
                ));
            }
        }
        for (pair, difference) in &self.paired {
            let [low, high] = difference.ci95;
            text.push_str(&format!(
                "{pair}: nDCG@10 {:+.4}, 95 % interval {low:+.4} to {high:+.4}\n",
                difference.mean
            ));
        }
        text
    }
}

fn name_of(mode: Mode) -> &'static str {
    match mode {
        Mode::Keyword => "keyword",
        Mode::Vector => "vector",
        Mode::Hybrid => "hybrid",
    }
}

fn figures(run: &ModeRun) -> Figures {
    let mean_of = |metric: fn(&Scores) -> f64| mean(&run.scores.iter().map(metric).collect::<Vec<f64>>());
    let ms = |quantile| run.latency_us.value_at_quantile(quantile) as f64 / 1000.0;
    Figures {
        ndcg_at_10: mean_of(|scores| scores.ndcg_at_10),
        recall_at_50: mean_of(|scores| scores.recall_at_50),
        mrr_at_10: mean_of(|scores| scores.mrr_at_10),
        p50_ms: ms(0.50),
        p99_ms: ms(0.99),
        stale: run.stale,
    }
}

fn paired(runs: &BTreeMap<Mode, ModeRun>) -> BTreeMap<String, Difference> {
    let ndcg = |mode| {
        Some(
            runs.get(&mode)?
                .scores
                .iter()
                .map(|scores| scores.ndcg_at_10)
                .collect::<Vec<f64>>(),
        )
    };
    let pair = |other: Mode| {
        let difference = compare(&ndcg(other)?, &ndcg(Mode::Hybrid)?)?.difference;
        let (mean, ci95) = (difference.mean, difference.ci95);
        Some((format!("hybrid-{}", name_of(other)), Difference { mean, ci95 }))
    };
    [Mode::Keyword, Mode::Vector].into_iter().filter_map(pair).collect()
}

/// The documents of a base: id to external id. Documents without one are left out.
pub(crate) async fn documents_of(client: &Client, base: Uuid) -> Result<HashMap<Uuid, String>, ClientError> {
    let documents: Vec<Document> = list_all(client, &["knowledge-bases", &base.to_string(), "documents"]).await?;
    Ok(documents
        .into_iter()
        .filter_map(|document| Some((document.id, document.external_id?)))
        .collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use hdrhistogram::Histogram;

    fn run(ndcg: &[f64]) -> ModeRun {
        let mut latency_us = Histogram::new(3).unwrap();
        latency_us.record_n(2000, 99).unwrap();
        latency_us.record(50_000).unwrap();
        let scores = |ndcg_at_10: &f64| Scores {
            ndcg_at_10: *ndcg_at_10,
            recall_at_10: 1.0,
            recall_at_50: 1.0,
            mrr_at_10: 0.5,
        };
        ModeRun {
            scores: ndcg.iter().map(scores).collect(),
            latency_us,
            stale: 0,
        }
    }

    #[test]
    fn the_json_has_the_names_of_the_contract() {
        let runs = BTreeMap::from([(Mode::Keyword, run(&[0.5, 0.5])), (Mode::Hybrid, run(&[1.0, 1.0]))]);
        let json = serde_json::to_value(Report::new("set", 9, &runs, None)).unwrap();
        assert_eq!((&json["dataset"], &json["queries"]), (&"set".into(), &2.into()));
        let keyword = &json["modes"]["keyword"];
        assert_eq!(
            (&keyword["ndcg@10"], &keyword["recall@50"], &keyword["mrr@10"]),
            (&0.5.into(), &1.0.into(), &0.5.into())
        );
        assert!((keyword["p50_ms"].as_f64().unwrap() - 2.0).abs() < 0.01);
        assert!(json["modes"].get("vector").is_none());
        assert_eq!(
            json["paired"]["hybrid-keyword"],
            serde_json::json!({"ndcg@10": 0.5, "ci95": [0.5, 0.5]})
        );
    }

    #[test]
    fn the_table_shows_each_mode_and_each_difference() {
        let runs = BTreeMap::from([(Mode::Vector, run(&[0.25])), (Mode::Hybrid, run(&[0.75]))]);
        let text = Report::new("set", 9, &runs, None).text();
        assert!(
            text.contains("vector     0.2500     1.0000  0.5000      2.0      2.0\n"),
            "{text}"
        );
        assert!(
            text.ends_with("hybrid-vector: nDCG@10 +0.5000, 95 % interval +0.5000 to +0.5000\n"),
            "{text}"
        );
    }
}
