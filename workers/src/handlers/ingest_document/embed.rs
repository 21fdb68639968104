use super::read::Source;
use crate::{JobContext, JobError};
use documents::Chunk;
use jobs::kinds::IngestDocument;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use store::{StoreError, embeddings};

/// What embedding came to.
pub(super) struct Embedded {
    /// Vectors that are not stored yet: those of the last batch, which for most documents is the only one.
    pub(super) in_hand: HashMap<Vec<u8>, Vec<f32>>,
    /// Texts that were embedded, in this attempt.
    pub(super) count: usize,
}

/// Embeds what the tenant has not embedded before; the rest is in the cache. Each batch but the last is stored at once, so that an attempt that
/// follows does not embed it again; `None` when the document is gone.
pub(super) async fn embed_unknown(
    job: &JobContext,
    asked: &IngestDocument,
    source: &Source,
    chunks: &[Chunk],
) -> Result<Option<Embedded>, JobError> {
    let unknown = unknown(job, source, chunks).await?;
    let mut embedded = Embedded {
        in_hand: HashMap::new(),
        count: 0,
    };
    let mut rest = unknown.as_slice();
    while !rest.is_empty() {
        let texts = rest.iter().map(|chunk| chunk.embed_text.as_str());
        let (batch, after) = rest.split_at(source.model.batch_len(texts).min(rest.len()));
        rest = after;
        if !embedded.in_hand.is_empty() && !keep(job, asked, source, &embedded.in_hand).await? {
            return Ok(None);
        }
        embedded.in_hand = embed(job, source, batch).await?;
        embedded.count += batch.len();
        job.step_detail(json!({ "chunks": chunks.len(), "to_embed": unknown.len(), "embedded": embedded.count }));
        job.progress(embedded.count, Some(unknown.len()), "chunks embedded");
    }
    Ok(Some(embedded))
}

/// The chunks whose text has no vector, each text once, in their order.
async fn unknown<'a>(job: &JobContext, source: &Source, chunks: &'a [Chunk]) -> Result<Vec<&'a Chunk>, JobError> {
    let hashes: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.embed_hash.to_vec()).collect();
    let known: HashSet<Vec<u8>> = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            embeddings::known(tx, &source.base.embedding_model, source.model.dimensions, &hashes).await
        })
        .await?
        .into_iter()
        .collect();
    let mut seen = HashSet::new();
    let unknown: Vec<&Chunk> = chunks
        .iter()
        .filter(|chunk| !known.contains(chunk.embed_hash.as_slice()) && seen.insert(chunk.embed_hash))
        .collect();
    job.step_detail(json!({ "chunks": chunks.len(), "to_embed": unknown.len(), "embedded": 0 }));
    Ok(unknown)
}

async fn embed(job: &JobContext, source: &Source, batch: &[&Chunk]) -> Result<HashMap<Vec<u8>, Vec<f32>>, JobError> {
    let texts = batch.iter().map(|chunk| chunk.embed_text.clone()).collect();
    let vectors = source.model.embed_documents(job, texts).await?;
    let dimensions = source.model.dimensions;
    if vectors.len() != batch.len() || vectors.iter().any(|vector| vector.len() != dimensions) {
        return Err(JobError::retry(
            "embedding",
            format!("The embedding model did not give one vector of {dimensions} dimensions for each text."),
        ));
    }
    Ok(batch
        .iter()
        .map(|chunk| chunk.embed_hash.to_vec())
        .zip(vectors)
        .collect())
}

/// Stores vectors before the document is ready. Whether there is still a document to store them for.
async fn keep(
    job: &JobContext,
    asked: &IngestDocument,
    source: &Source,
    vectors: &HashMap<Vec<u8>, Vec<f32>>,
) -> Result<bool, JobError> {
    let (document, model) = ((asked.document_id, asked.version), &source.base.embedding_model);
    // Losing them to a crash of the database costs embedding them again: no need to wait for the disk.
    let kept = job
        .app
        .store
        .tenant_with(job.tenant(), store::Durability::Relaxed, async |tx| {
            embeddings::insert_ahead(tx, job.held(), document, model, vectors).await
        })
        .await;
    match kept {
        Ok(()) => Ok(true),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
