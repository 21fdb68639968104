use super::report::save;
use super::rig::Rig;
use crate::process::embedder_settings;
use anyhow::{Context as _, bail, ensure};
use integrations::embedding::bare_runtime_time;
use jobs::kinds::IngestDocument;
use jobs::{EnqueueError, EnqueueOptions, Enqueued, Pool, enqueue};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::documents::{NewDocument, submit};
use store::jobs::JobState;
use store::knowledge_bases::NewKnowledgeBase;
use store::{JobId, KnowledgeBaseId, chunks, documents, knowledge_bases};

/// Runs of each, alternating; the best of each counts, since a noisy machine only ever slows.
const ROUNDS: usize = 3;

/// Prints ingestion's share of the bare model's speed.
pub(crate) async fn run(output: &Path, folder: &Path) -> anyhow::Result<()> {
    let rig = Rig::open().await?;
    let pages = pages(folder)?;
    ensure!(
        !pages.is_empty(),
        "there is no .md or .mdx file in {}",
        folder.display()
    );
    rig.context.embedder.embed(vec!["warm up".to_owned(); 3]).await?;
    let (mut pipeline, mut bare, mut texts) = (Duration::MAX, Duration::MAX, Vec::new());
    for round in 1..=ROUNDS {
        let base = KnowledgeBaseId::generate();
        // A title of the round's own: cached vectors would make the second round free.
        let took = ingest(&rig, base, &pages, round).await?;
        texts = embedded_texts(&rig, base).await?;
        let ours = &rig.context.settings;
        let settings =
            embedder_settings(ours, &ours.models.sentences).context("models.sentences names no local model")?;
        let same = texts.clone();
        let raw = tokio::task::spawn_blocking(move || bare_runtime_time(&settings, &same, 4)).await??;
        println!(
            "round {round}: {} chunks; pipeline {:.2} s, bare model {:.2} s",
            texts.len(),
            took.as_secs_f64(),
            raw.as_secs_f64()
        );
        (pipeline, bare) = (pipeline.min(took), bare.min(raw));
    }
    let per_second = |time: Duration| texts.len() as f64 / time.as_secs_f64();
    let share = bare.as_secs_f64() / pipeline.as_secs_f64();
    println!(
        "\n{} pages, {} chunks, {} sessions",
        pages.len(),
        texts.len(),
        rig.context.settings.models.sessions
    );
    println!(
        "{:<44}{:>10.1} chunks/s",
        "ingestion, submit to searchable",
        per_second(pipeline)
    );
    println!(
        "{:<44}{:>10.1} chunks/s",
        "bare ONNX runtime, same texts",
        per_second(bare)
    );
    println!("{:<44}{share:>10.2}", "share");
    save(
        output,
        &json!({
            "bench": "ingest", "pages": pages.len(), "chunks": texts.len(), "sessions": rig.context.settings.models.sessions,
            "pipeline_chunks_per_second": per_second(pipeline), "bare_chunks_per_second": per_second(bare), "share": share,
        }),
    )
}

/// Submits every page and waits until the last is ready; the time starts with the workers.
async fn ingest(
    rig: &Rig,
    base: KnowledgeBaseId,
    pages: &[(PathBuf, Vec<u8>)],
    round: usize,
) -> anyhow::Result<Duration> {
    let name = format!("bench-{base}");
    let model = rig.context.embedder.model().id.clone();
    let new = NewKnowledgeBase {
        id: base,
        name: &name,
        language: "en",
        embedding_model: &model,
        vector_store: store::VectorStore::Embedded,
    };
    rig.context
        .store
        .tenant(rig.tenant, async |tx| knowledge_bases::create(tx, &new).await)
        .await?;
    let mut submitted = Vec::new();
    for (path, bytes) in pages {
        submitted.push(submit_page(rig, base, path, bytes, &format!("{round}-{base}")).await?);
    }
    let start = Instant::now();
    let workers = rig.workers(&workers::handlers::registry(), vec![Pool::Ingest], |_| {});
    loop {
        let jobs = rig
            .context
            .store
            .tenant(rig.tenant, async |tx| store::jobs::find_many(tx, &submitted).await)
            .await?;
        if let Some(dead) = jobs.iter().find(|job| job.state == JobState::Dead) {
            bail!("a page could not be ingested: {:?}", dead.error);
        }
        if jobs.iter().all(|job| job.state == JobState::Succeeded) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = start.elapsed();
    workers.shut_down().await;
    Ok(took)
}

async fn submit_page(rig: &Rig, base: KnowledgeBaseId, path: &Path, bytes: &[u8], run: &str) -> anyhow::Result<JobId> {
    let job_id = JobId::generate();
    let file_name = path
        .file_name()
        .and_then(|name| name.to_str())
        .context("a page has no name")?;
    let title = format!("{file_name} {run}");
    let queued: Result<Enqueued, EnqueueError> = rig
        .context
        .store
        .tenant(rig.tenant, async |tx| {
            let document = submit(
                tx,
                &NewDocument {
                    knowledge_base_id: base,
                    external_id: None,
                    collection_id: None,
                    title: Some(&title),
                    mime_type: "text/markdown",
                    file_name: Some(file_name),
                    metadata: None,
                    acl: None,
                    bytes,
                    job_id,
                },
            )
            .await?;
            let job = IngestDocument {
                document_id: document.document_id,
                version: document.version,
            };
            let options = EnqueueOptions {
                id: Some(job_id),
                document_id: Some(document.document_id),
                ..EnqueueOptions::default()
            };
            enqueue(tx, &job, options).await
        })
        .await;
    rig.context.queue.push(queued?.dispatch.as_slice()).await;
    Ok(job_id)
}

/// What the model was given for this base.
async fn embedded_texts(rig: &Rig, base: KnowledgeBaseId) -> anyhow::Result<Vec<String>> {
    rig.context
        .store
        .tenant(rig.tenant, async |tx| {
            let mut texts = Vec::new();
            for document in documents::ids_of_base(tx, base, 10_000).await? {
                texts.extend(
                    chunks::list(tx, document, 0, 10_000)
                        .await?
                        .into_iter()
                        .map(|chunk| chunk.embed_text),
                );
            }
            Ok(texts)
        })
        .await
}

fn pages(folder: &Path) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut pages = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "md" || extension == "mdx")
            {
                pages.push((path.clone(), std::fs::read(&path)?));
            }
        }
    }
    pages.sort();
    Ok(pages)
}
