use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::looked_at::LookedAt;
use super::weighing::{Weighing, number};
use crate::client::{Finished, ServerArgs, find_bases, find_collections, run_interactive};
use crate::outcome::Outcome;
use crate::render::{number_of, one_line, print, print_json, time, wrapped};

/// Which legs rank the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Keyword,
    Vector,
    Hybrid,
}

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to look for, as one argument
    #[arg(value_name = "QUERY")]
    query: String,
    /// A knowledge base, by name or id; may be given more than once
    #[arg(long, required = true, value_name = "NAME")]
    kb: Vec<String>,
    /// Only documents of this collection, by name or id; may be given more than once
    #[arg(long, value_name = "NAME")]
    collection: Vec<String>,
    #[command(flatten)]
    looked_at: LookedAt,
    /// Which legs rank the results
    #[arg(long, value_enum, default_value = "hybrid")]
    mode: Mode,
    /// How many results
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Words that must stand there exactly so; may be given more than once
    #[arg(long, value_name = "WORDS")]
    phrase: Vec<String>,
    /// Leave out what is less like the query than this, from 0 to 1; not in keyword mode
    #[arg(long, value_name = "COSINE", value_parser = number)]
    min_similarity: Option<f64>,
    #[command(flatten)]
    weighing: Weighing,
    /// Show so many chunks before and after each result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=5))]
    neighbours: Option<u32>,
    /// Show only the best of results that say the same
    #[arg(long)]
    collapse: bool,
    /// Do not look for other spellings of words that no document has
    #[arg(long)]
    exact: bool,
    /// Let a reranker order the best of what is found: the bases', or else the installation's
    #[arg(long)]
    rerank: bool,
    /// Let this one do it
    #[arg(long, value_name = "NAME")]
    reranker: Option<String>,
    /// Show what each leg thinks of each result
    #[arg(long)]
    explain: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Hit>,
    #[serde(default)]
    reranker: Value,
    #[serde(default)]
    rerank_error: Option<Map<String, Value>>,
    #[serde(default)]
    stale: bool,
    #[serde(default)]
    took_ms: Option<f64>,
}

#[derive(Deserialize)]
struct Hit {
    document_id: Uuid,
    /// The chunk's place in its document, as `visualkit documents show --chunks` numbers it.
    #[serde(default)]
    ordinal: Option<i64>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    text: String,
    /// Nothing where none were asked for, or where there are none.
    #[serde(default)]
    before: Option<Vec<Neighbour>>,
    #[serde(default)]
    after: Option<Vec<Neighbour>>,
    score: f64,
    #[serde(default)]
    similarity: Option<f64>,
    #[serde(default)]
    explain: Option<Map<String, Value>>,
}

/// What stands beside a result in its document.
#[derive(Deserialize)]
struct Neighbour {
    text: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let bases: Vec<Uuid> = find_bases(&client, &args.kb)
        .await?
        .into_iter()
        .map(|base| base.id)
        .collect();
    let mut body = json!({
        "knowledge_base_ids": bases, "query": args.query, "mode": args.mode, "limit": args.limit,
        "explain": args.explain, "phrases": args.phrase, "collapse": args.collapse, "tolerate_typos": !args.exact,
    });
    let collections = find_collections(&client, &bases, &args.collection).await?;
    if let Some(fields) = body.as_object_mut() {
        fields.extend((!collections.is_empty()).then(|| ("collection_ids".to_owned(), json!(collections))));
        // Without a word of it the bases decide.
        fields.extend(args.rerank.then(|| ("rerank".to_owned(), true.into())));
        fields.extend(
            args.min_similarity
                .map(|least| ("min_similarity".to_owned(), json!(least))),
        );
        fields.extend(args.reranker.map(|name| ("reranker".to_owned(), name.into())));
        fields.extend(args.neighbours.map(|count| ("neighbours".to_owned(), count.into())));
        args.weighing.add_to(fields);
    }
    args.looked_at.add_to(&mut body);
    let finished = run_interactive(&client, "search", &body).await?;
    if args.json {
        print_json(&finished.result())?;
    } else {
        print(&text(&finished.parse()?, &finished))?;
    }
    Ok(Outcome::Done)
}

fn text(results: &Results, finished: &Finished) -> String {
    let mut text = String::new();
    for (index, hit) in results.results.iter().enumerate() {
        let title = one_line(&hit.title, 80);
        let chunk = hit.ordinal.map(|ordinal| format!("  chunk {ordinal}"));
        let similarity = hit.similarity.map(|cosine| format!("  similarity {cosine:.2}"));
        text.push_str(&format!(
            "{:>3}. {:.4}  {title}  ({}){}{}\n",
            index + 1,
            hit.score,
            hit.document_id,
            chunk.unwrap_or_default(),
            similarity.unwrap_or_default()
        ));
        if let Some(origin) = hit.url.as_ref().or(hit.external_id.as_ref()) {
            text.push_str(&format!("     {}\n", one_line(origin, 200)));
        }
        text.push_str(&beside("before", hit.before.as_deref()));
        text.push_str(&wrapped(&one_line(&hit.text, 280), 5));
        text.push_str(&beside("after", hit.after.as_deref()));
        let scores = hit.explain.iter().flatten().filter(|(_, value)| !value.is_null());
        let scores: Vec<String> = scores.map(|(name, value)| format!("{name}={}", short(value))).collect();
        if !scores.is_empty() {
            text.push_str(&wrapped(&scores.join("  "), 5));
        }
    }
    let reranker = results
        .reranker
        .as_str()
        .map_or_else(|| "none".to_owned(), |name| one_line(name, 60));
    let inside = results
        .took_ms
        .map(|ms| format!(" ({ms:.1} ms in the index)"))
        .unwrap_or_default();
    let stale = if results.stale {
        " · stale: the newest documents may be missing"
    } else {
        ""
    };
    if let Some(error) = &results.rerank_error {
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
        text.push_str(&format!("not reranked: {}\n", one_line(message, 300)));
    }
    text.push_str(&format!(
        "{} in {}{inside} · reranker {reranker}{stale}\n",
        number_of(results.results.len() as u64, "result"),
        time(finished.took)
    ));
    text
}

fn beside(side: &str, chunks: Option<&[Neighbour]>) -> String {
    let chunks = chunks.into_iter().flatten();
    chunks
        .map(|chunk| wrapped(&format!("{side}: {}", one_line(&chunk.text, 280)), 5))
        .collect()
}

/// A place as it is, a score in four places.
fn short(value: &Value) -> String {
    match value.as_f64().filter(|_| !value.is_u64()) {
        Some(score) => format!("{score:.4}"),
        None => value.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    #[tokio::test]
    async fn results_are_listed_with_the_scores_of_each_leg() {
        let id = Uuid::from_u128(7);
        let hit = json!({"document_id": id, "chunk_id": id, "ordinal": 3, "title": "Lantern", "text": "It runs\nfor 36 hours.",
            "score": 0.8765, "similarity": 0.512, "highlights": [], "explain": {"cosine": 0.5, "keyword_rank": null}});
        let result = json!({"results": [hit], "reranker": "none", "stale": true, "took_ms": 3});
        let job = json!({"id": id, "kind": "search", "state": "succeeded", "result": result});
        let fake = Fake::answering(vec![reply(200, job)]).await;
        let finished = run_interactive(&fake.client(), "search", &json!({})).await.unwrap();
        let text = text(&finished.parse().unwrap(), &finished);
        assert!(text.starts_with(&format!(
            "  1. 0.8765  Lantern  ({id})  chunk 3  similarity 0.51\n     It runs for 36 hours.\n     cosine=0.5000\n1 result in "
        )));
        assert!(text.ends_with("(3.0 ms in the index) · reranker none · stale: the newest documents may be missing\n"));
    }

    #[tokio::test]
    async fn a_result_says_where_it_comes_from() {
        let id = Uuid::from_u128(7);
        let hit = |external_id: &str, url: Value| json!({"document_id": id, "title": "Lantern", "text": "36 hours.", "score": 1.0, "external_id": external_id, "url": url});
        let result = json!({"results": [hit("lantern.md", Value::Null), hit("https://a.example/x", json!("https://a.example/x"))]});
        let job = json!({"id": id, "kind": "search", "state": "succeeded", "result": result});
        let fake = Fake::answering(vec![reply(200, job)]).await;
        let finished = run_interactive(&fake.client(), "search", &json!({})).await.unwrap();
        let text = text(&finished.parse().unwrap(), &finished);
        for origin in ["lantern.md", "https://a.example/x"] {
            assert!(
                text.contains(&format!("  ({id})\n     {origin}\n     36 hours.\n")),
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn what_stands_before_and_after_a_result_is_shown_around_it() {
        let id = Uuid::from_u128(7);
        let beside = |text: &str| json!([{"chunk_id": id, "headings": [], "text": text}]);
        let hit = json!({"document_id": id, "title": "Lantern", "text": "36 hours.", "score": 1.0,
            "before": beside("It runs\nfor"), "after": beside("Then it is dark.")});
        let job = json!({"id": id, "kind": "search", "state": "succeeded", "result": {"results": [hit]}});
        let fake = Fake::answering(vec![reply(200, job)]).await;
        let finished = run_interactive(&fake.client(), "search", &json!({})).await.unwrap();
        let text = text(&finished.parse().unwrap(), &finished);
        assert!(
            text.contains("\n     before: It runs for\n     36 hours.\n     after: Then it is dark.\n"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_search_names_its_mode_and_limit() {
        let id = Uuid::from_u128(7);
        let fake = Fake::answering(vec![
            reply(200, json!({"data": [{"id": id, "name": "docs"}], "next_cursor": null})),
            reply(
                200,
                json!({"id": id, "kind": "search", "state": "succeeded", "result": {"results": []}}),
            ),
        ])
        .await;
        let args = Args {
            query: "q".into(),
            kb: vec!["docs".into()],
            collection: Vec::new(),
            looked_at: LookedAt::default(),
            mode: Mode::Vector,
            limit: 3,
            phrase: Vec::new(),
            min_similarity: Some(0.25),
            weighing: Weighing::default(),
            neighbours: Some(2),
            collapse: false,
            exact: false,
            rerank: false,
            reranker: None,
            explain: true,
            json: false,
            server: fake.server(),
        };
        assert_eq!(run(args).await.unwrap(), Outcome::Done);
        let body: Value = serde_json::from_str(&fake.requests()[1].body).unwrap();
        let expected = json!({"knowledge_base_ids": [id], "query": "q", "mode": "vector", "limit": 3, "min_similarity": 0.25, "explain": true, "phrases": [], "collapse": false, "tolerate_typos": true, "neighbours": 2});
        assert_eq!(body, expected);
    }
}
