//! Runs the queries of a data set in one mode.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use jobs::kinds::SearchKnowledge;
use retrieval::evaluation::{Scores, rank_documents, score};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::dataset::QueryCase;
use crate::client::{Client, run_interactive};
use crate::commands::search::Mode;

/// Chunks asked for per query: the most that a search gives.
pub(crate) const CHUNKS: usize = SearchKnowledge::LIMIT_MAX;
/// How often a search is repeated until it sees every document that was ingested, a quarter of a second apart.
const MAX_WARM_UPS: usize = 240;

/// What is the same for every query.
pub(crate) struct Settings<'a> {
    pub(crate) client: &'a Client,
    pub(crate) base: Uuid,
    /// Document to external id.
    pub(crate) names: &'a HashMap<Uuid, String>,
    /// The vector leg's share of a hybrid score; the system's own setting when it is not given.
    pub(crate) alpha: Option<f64>,
}

/// The measurements of one mode.
pub(crate) struct ModeRun {
    /// One a query, in the order of the queries.
    pub(crate) scores: Vec<Scores>,
    /// Whole calls over HTTP, one query at a time, in microseconds; a pause that a busy server asked for is part of it.
    pub(crate) latency_us: Histogram<u64>,
    /// Searches that did not see the newest documents. More than none makes the figures doubtful.
    pub(crate) stale: usize,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Hit>,
    #[serde(default)]
    stale: bool,
}

#[derive(Deserialize)]
struct Hit {
    document_id: Uuid,
    score: f64,
}

/// Runs the queries one after the other. A search before them, which is not measured, brings the index up to date.
///
/// # Errors
/// The first search that fails, with the id of its query.
pub(crate) async fn measure(
    settings: &Settings<'_>,
    mode: Mode,
    queries: &[QueryCase],
    bar: &ProgressBar,
) -> anyhow::Result<ModeRun> {
    warm_up(settings, mode, queries).await?;
    let mut run = ModeRun {
        scores: Vec::with_capacity(queries.len()),
        latency_us: Histogram::new(3)?,
        stale: 0,
    };
    for query in queries {
        let (results, took) = search(settings, mode, &query.text)
            .await
            .with_context(|| format!("query {}", query.id))?;
        // Not `saturating_record`: it clamps to the first range, about 2 ms, where `record` grows the histogram.
        run.latency_us.record(u64::try_from(took.as_micros())?)?;
        run.stale += usize::from(results.stale);
        // A document that is not of the data set (the base may hold more) still takes its place in the ranking.
        let name = |id: Uuid| settings.names.get(&id).cloned().unwrap_or_else(|| id.to_string());
        let ranking = rank_documents(results.results.iter().map(|hit| (name(hit.document_id), hit.score)));
        run.scores.extend(score(&ranking, &query.judged));
        bar.inc(1);
    }
    Ok(run)
}

async fn warm_up(settings: &Settings<'_>, mode: Mode, queries: &[QueryCase]) -> anyhow::Result<()> {
    let Some(query) = queries.first() else { return Ok(()) };
    for _ in 0..MAX_WARM_UPS {
        if !search(settings, mode, &query.text).await?.0.stale {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

async fn search(settings: &Settings<'_>, mode: Mode, text: &str) -> anyhow::Result<(Results, Duration)> {
    let mut body = json!({
        "knowledge_base_ids": [settings.base], "query": text, "mode": mode, "limit": CHUNKS, "rerank": false,
    });
    if let (Some(alpha), Some(fields)) = (settings.alpha, body.as_object_mut()) {
        fields.insert("alpha".into(), Value::from(alpha));
    }
    let finished = run_interactive(settings.client, "search", &body).await?;
    Ok((finished.parse()?, finished.took))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use retrieval::evaluation::Judged;

    #[tokio::test]
    async fn queries_are_scored_after_the_index_has_caught_up() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let fake = Fake::serving(move |_| {
            let stale = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2;
            let results = json!([{"document_id": b, "score": 0.4}, {"document_id": a, "score": 0.9}]);
            let result = json!({"results": results, "stale": stale});
            reply(
                200,
                json!({"id": a, "kind": "search", "state": "succeeded", "result": result}),
            )
        })
        .await;
        let names = HashMap::from([(a, "a".to_owned()), (b, "b".to_owned())]);
        let settings = Settings {
            client: &fake.client(),
            base: a,
            names: &names,
            alpha: Some(0.5),
        };
        let query = QueryCase {
            id: "q".into(),
            text: "text".into(),
            judged: Judged::from([("b".into(), 1)]),
        };
        let run = measure(&settings, Mode::Hybrid, &[query], &ProgressBar::hidden())
            .await
            .unwrap();
        assert_eq!((run.stale, run.latency_us.len(), fake.requests().len()), (0, 1, 4));
        assert!((run.scores[0].mrr_at_10 - 0.5).abs() < 1e-9);
        let body: Value = serde_json::from_str(&fake.requests()[3].body).unwrap();
        let sent = json!({"knowledge_base_ids": [a], "query": "text", "mode": "hybrid", "limit": 100, "rerank": false,
            "alpha": 0.5});
        assert_eq!(body, sent);
    }

    #[tokio::test]
    async fn a_slow_search_is_measured_as_slow() {
        let id = Uuid::from_u128(1);
        let fake = Fake::serving(move |_| {
            std::thread::sleep(Duration::from_millis(30));
            reply(
                200,
                json!({"id": id, "kind": "search", "state": "succeeded", "result": {"results": []}}),
            )
        })
        .await;
        let names = HashMap::new();
        let settings = Settings {
            client: &fake.client(),
            base: id,
            names: &names,
            alpha: None,
        };
        let query = QueryCase {
            id: "q".into(),
            text: "text".into(),
            judged: Judged::from([("b".into(), 1)]),
        };
        let run = measure(&settings, Mode::Hybrid, &[query], &ProgressBar::hidden())
            .await
            .unwrap();
        let median_us = run.latency_us.value_at_quantile(0.5);
        assert!((30_000..5_000_000).contains(&median_us), "{median_us}");
    }
}
