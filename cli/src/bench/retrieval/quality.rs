//! The rankings of a data set through HTTP, in every mode and fusion. `scripts/bench_retrieval.py` scores them, ours and others', by the same code.
use super::chunks::{Chunks, write_vectors};
use crate::bench::rig::Rig;
use crate::client::{Client, find_or_create, run_interactive};
use crate::eval::{Dataset, documents_of};
use crate::ingest::{Bars, Place, ingest};
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};
use store::{KnowledgeBaseId, TenantId};
use uuid::Uuid;

/// What is ranked by: its name, and what the search says for it.
const RANKINGS: [(&str, &str, Option<&str>); 4] = [
    ("keyword", "keyword", None),
    ("vector", "vector", None),
    ("hybrid", "hybrid", Some("weighted")),
    ("hybrid_rrf", "hybrid", Some("rrf")),
];
/// Chunks of a ranking: the most that a search gives.
const DEPTH: usize = 100;

pub(super) struct Measured {
    pub(super) figures: Value,
    pub(super) chunks: Chunks,
    pub(super) queries: Vec<(String, Vec<f32>)>,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Hit>,
    stale: bool,
}

#[derive(Deserialize)]
struct Hit {
    chunk_id: Uuid,
    score: f64,
}

pub(super) async fn measure(
    rig: &Rig,
    tenant: TenantId,
    client: &Client,
    set: &Path,
    folder: &Path,
) -> anyhow::Result<Measured> {
    let set = Dataset::read(set)?;
    let (name, folder) = (set.name.clone(), folder.join(&set.name));
    let base = find_or_create(client, &format!("bench-{name}")).await?.id;
    let start = Instant::now();
    let tally = ingest(client, Place::base(base), set.documents, Bars::new(false)).await?;
    ensure!(
        tally.failed.is_empty(),
        "{} documents of {name} could not be ingested",
        tally.failed.len()
    );
    let ingest_secs = start.elapsed().as_secs_f64();

    let chunks = Chunks::of_base(rig, tenant, KnowledgeBaseId(base)).await?;
    chunks.write(&folder)?;
    let names = documents_of(client, base).await?;
    std::fs::write(folder.join("documents.json"), serde_json::to_vec(&names)?)?;

    let client = client.for_bulk_work();
    settle(&client, base, &set.queries.first().context("no query")?.text).await?;
    let (mut queries, mut stale) = (Vec::new(), 0_usize);
    let mut lines = BufWriter::new(File::create(folder.join("queries.jsonl"))?);
    for case in set.queries {
        let mut rankings = serde_json::Map::new();
        for (ranking, mode, fusion) in RANKINGS {
            let results = search(&client, base, &case.text, mode, fusion)
                .await
                .with_context(|| format!("query {}", case.id))?;
            stale += usize::from(results.stale);
            let hits: Vec<Value> = results
                .results
                .iter()
                .map(|hit| json!([hit.chunk_id, hit.score]))
                .collect();
            rankings.insert(ranking.to_owned(), hits.into());
        }
        let line = json!({ "id": case.id, "text": case.text, "judged": case.judged, "rankings": rankings });
        writeln!(lines, "{line}")?;
        let vector = rig.context.embedder.embed_query(case.text.clone()).await?;
        queries.push((case.text, vector));
    }
    lines.flush()?;
    write_vectors(
        &folder.join("queries.f32"),
        queries.iter().map(|(_, vector)| vector.as_slice()),
    )?;
    println!(
        "{name}: {} documents, {} chunks, {} queries",
        names.len(),
        chunks.0.len(),
        queries.len()
    );
    let figures = json!({
        "set": name, "documents": names.len(), "chunks": chunks.0.len(), "queries": queries.len(), "stale": stale, "ingest_secs": ingest_secs,
    });
    Ok(Measured {
        figures,
        chunks,
        queries,
    })
}

/// Waits until a search sees every document that was ingested.
pub(super) async fn settle(client: &Client, base: Uuid, query: &str) -> anyhow::Result<()> {
    while search(client, base, query, "keyword", None).await?.stale {
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

async fn search(client: &Client, base: Uuid, query: &str, mode: &str, fusion: Option<&str>) -> anyhow::Result<Results> {
    let mut body =
        json!({ "knowledge_base_ids": [base], "query": query, "mode": mode, "limit": DEPTH, "rerank": false });
    if let (Some(fusion), Some(fields)) = (fusion, body.as_object_mut()) {
        fields.insert("fusion".into(), fusion.into());
    }
    Ok(run_interactive(client, "search", &body).await?.parse()?)
}
