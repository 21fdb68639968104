#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints its figures and reads where the model lies"
)]

//! Embeds the paragraphs of a folder's text files through `LocalEmbedder` and through one bare session a thread on the
//! same runtime; then asks queries during an ingest. `cargo run --release -p integrations --example embedding_speed --
//! FOLDER [TEXTS] [ROUNDS]`

#[path = "../tests/support/mod.rs"]
mod support;

use integrations::embedding::{Embedder, LocalEmbedder, bare_runtime_time};
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

const SESSIONS: usize = 2;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder with Markdown or text files")?;
    let count = arguments.next().map_or(Ok(200), |text| text.parse())?;
    let rounds = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let Some(settings) = support::local_model(SESSIONS) else {
        return Ok(());
    };
    let mut texts = Vec::new();
    collect_paragraphs(Path::new(&folder), &mut texts)?;
    texts.truncate(count);
    let embedder = LocalEmbedder::new(settings.clone());
    let tokens: usize = texts.iter().map(|text| embedder.count_tokens(text)).sum();
    println!("{} paragraphs, {tokens} tokens, {SESSIONS} sessions", texts.len());

    // Loads every session of the pipeline.
    embedder.embed(texts.clone()).await?;
    embedder.warm_up().await?;
    for batch_size in [2, 4, 8] {
        for round in 1..=rounds {
            let bare = bare_runtime_time(&settings, &texts, batch_size)?.as_secs_f64();
            let started = Instant::now();
            embedder.embed(texts.clone()).await?;
            let pipeline = started.elapsed().as_secs_f64();
            let per_second = |seconds: f64| texts.len() as f64 / seconds;
            println!(
                "round {round}: bare, sorted batches of {batch_size}: {:.1}/s; LocalEmbedder: {:.1}/s; share {:.2}",
                per_second(bare),
                per_second(pipeline),
                bare / pipeline
            );
        }
    }
    query_latency(&embedder, &texts).await
}

async fn query_latency(embedder: &LocalEmbedder, texts: &[String]) -> Outcome<()> {
    let question = || embedder.embed(vec!["How do I invite a teammate to my workspace?".into()]);
    let mut idle = Vec::new();
    for _ in 0..50 {
        let started = Instant::now();
        question().await?;
        idle.push(started.elapsed());
    }
    let ingest = async {
        embedder.embed(texts.to_vec()).await?;
        Outcome::Ok(Instant::now())
    };
    let queries = async {
        let mut asked = Vec::new();
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let started = Instant::now();
            question().await?;
            asked.push((started, started.elapsed()));
        }
        Outcome::Ok(asked)
    };
    let (ingest_ended, asked) = tokio::join!(ingest, queries);
    let ingest_ended = ingest_ended?;
    let busy = asked?
        .into_iter()
        .filter(|(started, _)| *started < ingest_ended)
        .map(|(_, took)| took)
        .collect();
    print_latency("query, idle", idle);
    print_latency("query, during an ingest", busy);
    Ok(())
}

fn print_latency(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| {
        took.get((took.len() as f64 * share) as usize)
            .or(took.last())
            .copied()
            .unwrap_or_default()
    };
    println!(
        "{what}: p50 {:.1?}, p95 {:.1?}, {} asked",
        at(0.5),
        at(0.95),
        took.len()
    );
}

fn collect_paragraphs(folder: &Path, texts: &mut Vec<String>) -> Outcome<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            collect_paragraphs(&path, texts)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "md" || extension == "mdx" || extension == "txt")
        {
            let content = std::fs::read_to_string(&path)?;
            texts.extend(
                content
                    .split("\n\n")
                    .filter(|part| (200..1_200).contains(&part.len()))
                    .map(String::from),
            );
        }
    }
    Ok(())
}
