//! How long a search takes, in this process and through HTTP.
use super::quality::settle;
use crate::bench::report::quantiles_row;
use crate::bench::rig::Rig;
use crate::client::{Client, Job, run_interactive};
use anyhow::anyhow;
use measure::Quantiles;
use retrieval::{Mode, Query, Replica, Viewer};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use store::KnowledgeBaseId;

#[derive(Deserialize)]
struct Searched {
    took_ms: u32,
}

pub(super) struct Cases<'a> {
    pub(super) client: &'a Client,
    pub(super) queries: &'a [(String, Vec<f32>)],
    /// How many search at a time.
    pub(super) clients: &'a [usize],
    pub(super) probes: usize,
}

impl Cases<'_> {
    fn query(&self, number: usize) -> (&str, &[f32]) {
        self.queries
            .get(number % self.queries.len().max(1))
            .map_or(("", &[]), |(text, vector)| (text.as_str(), vector.as_slice()))
    }
}

/// On an open replica: by mode with the query's vector at hand, and one after the other hybrid from the text.
pub(super) async fn in_process(rig: &Rig, replica: &Replica, cases: &Cases<'_>) -> anyhow::Result<Value> {
    println!("{:<44}{:>10}{:>10}{:>10}", "in this process, ms", "p50", "p99", "n");
    let mut figures = Map::new();
    for (name, mode) in [
        ("keyword", Mode::Keyword),
        ("vector", Mode::Vector),
        ("hybrid", Mode::Hybrid),
    ] {
        let mut of_mode = Vec::new();
        for &clients in cases.clients {
            let (per_second, quantiles) = tokio::task::block_in_place(|| threads(replica, cases, mode, clients))?;
            quantiles_row(&format!("{name}, {clients} at a time, {per_second:.0}/s"), &quantiles);
            of_mode.push(case(clients, per_second, &quantiles));
        }
        figures.insert(name.to_owned(), of_mode.into());
    }
    let (mut times, start) = (Vec::new(), Instant::now());
    for number in 0..cases.probes {
        let (text, _) = cases.query(number);
        let began = Instant::now();
        let vector = rig.context.embedder.embed_query(text.to_owned()).await?;
        tokio::task::block_in_place(|| replica.search(&Query::new(text, Some(vector), Viewer::Tenant)))?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let (per_second, quantiles) = (times.len() as f64 / start.elapsed().as_secs_f64(), Quantiles::of(times));
    quantiles_row(&format!("hybrid from the text, {per_second:.0}/s"), &quantiles);
    figures.insert("hybrid_from_text".to_owned(), case(1, per_second, &quantiles));
    Ok(figures.into())
}

fn case(clients: usize, per_second: f64, of: &Quantiles) -> Value {
    json!({ "clients": clients, "per_second": per_second, "p50": of.p50, "p99": of.p99, "n": of.n })
}

/// Searches a second, and how long each took.
fn threads(replica: &Replica, cases: &Cases<'_>, mode: Mode, clients: usize) -> anyhow::Result<(f64, Quantiles)> {
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    let one = || -> anyhow::Result<Vec<f64>> {
        let mut times = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= cases.probes {
                return Ok(times);
            }
            let (text, vector) = cases.query(number);
            let usual = Query::new(text, Some(vector.to_owned()), Viewer::Tenant);
            let began = Instant::now();
            replica.search(&Query { mode, ..usual })?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
    };
    let times = std::thread::scope(|scope| {
        let running: Vec<_> = (0..clients).map(|_| scope.spawn(one)).collect();
        let ended = running
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a search panicked"))?);
        ended.collect::<anyhow::Result<Vec<Vec<f64>>>>()
    })?
    .concat();
    Ok((times.len() as f64 / start.elapsed().as_secs_f64(), Quantiles::of(times)))
}

/// Whole requests, by mode: sent, queued, searched, read back.
pub(super) async fn over_http(base: KnowledgeBaseId, cases: &Cases<'_>) -> anyhow::Result<Value> {
    let client = cases.client.for_bulk_work();
    settle(&client, base.0, cases.query(0).0).await?;
    println!("{:<44}{:>10}{:>10}{:>10}", "through HTTP, ms", "p50", "p99", "n");
    let mut all = Vec::new();
    for (of_mode, mode) in ["keyword", "vector", "hybrid"].into_iter().enumerate() {
        for (of_clients, &clients) in cases.clients.iter().enumerate() {
            let (next, start) = (AtomicUsize::new(0), Instant::now());
            let one = async || -> anyhow::Result<Vec<f64>> {
                let mut times = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= cases.probes {
                        return Ok(times);
                    }
                    // A text of its own each time: the vectors of repeated questions are remembered.
                    let text = format!("{} {of_mode}{of_clients}{number}", cases.query(number).0);
                    let body = json!({ "knowledge_base_ids": [base], "query": text, "mode": mode });
                    times.push(run_interactive(&client, "search", &body).await?.took.as_secs_f64() * 1e3);
                }
            };
            let times = futures::future::try_join_all((0..clients).map(|_| one()))
                .await?
                .concat();
            let per_second = times.len() as f64 / start.elapsed().as_secs_f64();
            let quantiles = Quantiles::of(times);
            quantiles_row(&format!("{mode}, {clients} at a time, {per_second:.0}/s"), &quantiles);
            all.push(json!({ "mode": mode, "clients": clients, "per_second": per_second, "ms": quantiles }));
        }
    }
    Ok(all.into())
}

/// What everything but the search adds to one, by keywords and one at a time: in turns with looks at its ended job, which take the same way through HTTP, key,
/// limits and texts, and no queue. A look that is as long as a search would leave the queue nothing.
pub(super) async fn beside_the_search(base: KnowledgeBaseId, cases: &Cases<'_>) -> anyhow::Result<Value> {
    let client = cases.client.for_bulk_work();
    let (mut searches, mut looks, mut queue) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..cases.probes {
        let body = json!({ "knowledge_base_ids": [base], "query": format!("{} {number}", cases.query(number).0), "mode": "keyword" });
        let found = run_interactive(&client, "search", &body).await?;
        let began = Instant::now();
        let _: Job = client.get(&["jobs", &found.job.id.to_string()], &[]).await?;
        let look = began.elapsed().as_secs_f64() * 1e3;
        // Whole milliseconds, rounded down: half of one is what is missing on average.
        let Searched { took_ms } = found.parse()?;
        let search = f64::from(took_ms) + 0.5;
        queue.push(found.took.as_secs_f64() * 1e3 - search - look);
        searches.push(search);
        looks.push(look);
    }
    let (searches, looks, queue) = (Quantiles::of(searches), Quantiles::of(looks), Quantiles::of(queue));
    println!(
        "{:<44}{:>10}{:>10}{:>10}",
        "keyword search through HTTP, ms", "p50", "p99", "n"
    );
    quantiles_row("the search, by its worker's clock", &searches);
    quantiles_row("a look at an ended one", &looks);
    quantiles_row("what the queue adds", &queue);
    Ok(json!({ "search_ms": searches, "look_ms": looks, "queue_ms": queue }))
}
