use super::commit::{Ingested, commit};
use super::embed::embed_unknown;
use super::read::{Source, read};
use crate::{Done, Handle, JobContext, JobError};
use documents::{Chunk, ChunkOptions, CountTokens, ParsedDocument};
use integrations::embedding::Embedder;
use jobs::kinds::{IngestDocument, IngestedDocument};
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinError;

/// Tokens that neighbouring pieces of one long block share.
const OVERLAP_TOKENS: usize = 32;

impl Handle for IngestDocument {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let Some(source) = job.step("fetch", read(&job, &self)).await? else {
            return Done::with(&superseded());
        };
        job.step_detail(json!({ "bytes": source.bytes.len() }));
        if source.is_unchanged() {
            return commit(&job, &self, Ingested::unchanged(source)).await;
        }
        let parsed = job.step("parse", parse(&source)).await?;
        job.step_detail(json!({ "blocks": parsed.blocks.len() }));
        let (title, chunks) = job.step("chunk", chunk(&job, &source, parsed)).await?;
        job.step_detail(json!({ "chunks": chunks.len() }));
        let Some(embedded) = job.step("embed", embed_unknown(&job, &self, &source, &chunks)).await? else {
            return Done::with(&superseded());
        };
        commit(&job, &self, Ingested::new(source, title, chunks, embedded)).await
    }
}

/// A version that is no longer there: a newer one was ready first, or the document was deleted.
pub(super) fn superseded() -> IngestedDocument {
    IngestedDocument {
        unchanged: false,
        superseded: true,
        chunks: 0,
        embedded: 0,
        index_seq: None,
    }
}

/// Runs off the async threads, as chunking does: a large document takes seconds.
async fn parse(source: &Source) -> Result<ParsedDocument, JobError> {
    let (bytes, format) = (source.bytes.clone(), source.format);
    tokio::task::spawn_blocking(move || {
        documents::parse(&bytes, format).map_err(|error| JobError::permanent(error.code(), error.to_string()))
    })
    .await
    .map_err(panicked)?
}

/// The document's title and its chunks.
async fn chunk(job: &JobContext, source: &Source, parsed: ParsedDocument) -> Result<(String, Vec<Chunk>), JobError> {
    let (given, fallback) = (source.version.title.clone(), source.fallback_title());
    let embedder = job.app.embedder.clone();
    tokio::task::spawn_blocking(move || {
        let title = given.or_else(|| parsed.title.clone()).unwrap_or(fallback);
        let options = ChunkOptions {
            max_tokens: embedder.model().content_tokens_max(),
            overlap_tokens: OVERLAP_TOKENS,
        };
        let chunks = documents::chunk(&parsed, &title, &options, &Tokens(embedder));
        (title, chunks)
    })
    .await
    .map_err(panicked)
}

fn panicked(error: JoinError) -> JobError {
    tracing::error!(%error, "parsing panicked");
    JobError::permanent("unreadable", "The document could not be parsed; this is a defect.")
}

/// Counts tokens as the embedding model does.
struct Tokens(Arc<dyn Embedder>);

impl CountTokens for Tokens {
    fn count_tokens(&self, text: &str) -> usize {
        self.0.count_tokens(text)
    }
}
