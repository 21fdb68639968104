use super::commit::{Ingested, commit};
use super::embed::embed_unknown;
use super::read::{Source, read};
use crate::{Done, Handle, JobContext, JobError};
use documents::{Chunk, ChunkOptions, CountTokens};
use integrations::embedding::Embedder;
use jobs::kinds::{IngestDocument, IngestedDocument};
use std::sync::Arc;

/// Tokens that neighbouring pieces of one long block share.
const OVERLAP_TOKENS: usize = 32;

impl Handle for IngestDocument {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let source = match read(&job, &self).await? {
            Some(source) => source,
            None => return Done::with(&superseded()),
        };
        if source.is_unchanged() {
            return commit(&job, &self, Ingested::unchanged(source)).await;
        }
        let (title, chunks) = chunk(&job, &source).await?;
        let vectors = embed_unknown(&job, &source, &chunks).await?;
        commit(&job, &self, Ingested::new(source, title, chunks, vectors)).await
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

/// Parses and chunks, off the async threads: a large document takes seconds.
async fn chunk(job: &JobContext, source: &Source) -> Result<(String, Vec<Chunk>), JobError> {
    let (bytes, format) = (source.bytes.clone(), source.format);
    let (given, fallback) = (source.version.title.clone(), source.fallback_title());
    let embedder = job.app.embedder.clone();
    tokio::task::spawn_blocking(move || {
        let document =
            documents::parse(&bytes, format).map_err(|error| JobError::permanent(error.code(), error.to_string()))?;
        let title = given.or_else(|| document.title.clone()).unwrap_or(fallback);
        let options = ChunkOptions {
            max_tokens: embedder.model().content_tokens_max(),
            overlap_tokens: OVERLAP_TOKENS,
        };
        let chunks = documents::chunk(&document, &title, &options, &Tokens(embedder));
        Ok((title, chunks))
    })
    .await
    .map_err(|error| {
        tracing::error!(%error, "parsing panicked");
        JobError::permanent("unreadable", "The document could not be parsed; this is a defect.")
    })?
}

/// Counts tokens as the embedding model does.
struct Tokens(Arc<dyn Embedder>);

impl CountTokens for Tokens {
    fn count_tokens(&self, text: &str) -> usize {
        self.0.count_tokens(text)
    }
}
