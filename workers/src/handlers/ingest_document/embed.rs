use super::read::Source;
use crate::{JobContext, JobError};
use documents::Chunk;
use std::collections::{HashMap, HashSet};
use store::embeddings;

/// Texts per call of the embedder: between two calls a cancellation is heard and progress is told.
const BATCH: usize = 64;

/// Embeds what the tenant has not embedded before; the rest is in the cache.
pub(super) async fn embed_unknown(
    job: &JobContext,
    source: &Source,
    chunks: &[Chunk],
) -> Result<HashMap<Vec<u8>, Vec<f32>>, JobError> {
    let hashes: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.embed_hash.to_vec()).collect();
    let model = &source.base.embedding_model;
    let known: HashSet<Vec<u8>> = job
        .app
        .store
        .tenant(job.tenant(), async |tx| embeddings::known(tx, model, &hashes).await)
        .await?
        .into_iter()
        .collect();
    let mut unknown: HashMap<Vec<u8>, &Chunk> = HashMap::new();
    for chunk in chunks
        .iter()
        .filter(|chunk| !known.contains(chunk.embed_hash.as_slice()))
    {
        unknown.entry(chunk.embed_hash.to_vec()).or_insert(chunk);
    }
    let unknown: Vec<(Vec<u8>, &Chunk)> = unknown.into_iter().collect();
    let mut vectors = HashMap::with_capacity(unknown.len());
    for batch in unknown.chunks(BATCH) {
        let texts = batch.iter().map(|(_, chunk)| chunk.embed_text.clone()).collect();
        let embedded = job.app.embedder.embed(texts).await?;
        vectors.extend(batch.iter().map(|(hash, _)| hash.clone()).zip(embedded));
        job.progress(vectors.len(), Some(unknown.len()), "chunks embedded");
    }
    Ok(vectors)
}
