use super::read::Source;
use crate::embedding_models::Model;
use crate::{JobContext, JobError};
use documents::Chunk;
use integrations::embedding::{EmbeddingImage, EmbeddingInput, EmbeddingPurpose, ImageMeasure, InputMeasure};
use jobs::kinds::IngestDocument;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use store::{StoreError, embeddings};

/// Vectors by the hash of their text.
type Vectors = HashMap<Vec<u8>, Vec<f32>>;

/// What embedding came to.
#[derive(Default)]
pub(super) struct Embedded {
    /// By model, vectors that are not stored yet: those of the last batch, which for most documents is the only one.
    pub(super) in_hand: Vec<(Arc<str>, Vectors)>,
    /// Texts that were embedded, in this attempt.
    pub(super) count: usize,
    to_embed: usize,
}

/// Embeds, with each model, what the tenant has not embedded before; the rest is in the cache. Each batch but the last is stored at once, so that an
/// attempt that follows does not embed it again; `None` when the document is gone.
pub(super) async fn embed_unknown(
    job: &JobContext,
    asked: &IngestDocument,
    source: &Source,
    chunks: &[Chunk],
) -> Result<Option<Embedded>, JobError> {
    let mut embedded = Embedded::default();
    for model in source.models() {
        match embed_with(job, asked, source, model, chunks, &mut embedded).await? {
            Some(in_hand) => embedded.in_hand.push((model.name.clone(), in_hand)),
            None => return Ok(None),
        }
    }
    Ok(Some(embedded))
}

async fn embed_with(
    job: &JobContext,
    asked: &IngestDocument,
    source: &Source,
    model: &Model,
    chunks: &[Chunk],
    embedded: &mut Embedded,
) -> Result<Option<Vectors>, JobError> {
    let unknown = unknown(job, model, chunks).await?;
    embedded.to_embed += unknown.len();
    let detail = |embedded: &Embedded| json!({ "chunks": chunks.len(), "to_embed": embedded.to_embed, "embedded": embedded.count });
    job.step_detail(detail(embedded));
    let mut in_hand = Vectors::new();
    let mut rest = unknown.as_slice();
    while !rest.is_empty() {
        let inputs = rest.iter().map(|chunk| measure(source, chunk));
        let (batch, after) = rest.split_at(model.batch_len(inputs).min(rest.len()));
        rest = after;
        if !in_hand.is_empty() && !keep(job, asked, model, &in_hand).await? {
            return Ok(None);
        }
        in_hand = embed(job, source, model, batch).await?;
        embedded.count += batch.len();
        job.step_detail(detail(embedded));
        job.progress(embedded.count, Some(embedded.to_embed), "chunks embedded");
    }
    Ok(Some(in_hand))
}

/// The chunks whose text or picture has no vector of the model, each once, in their order.
async fn unknown<'a>(job: &JobContext, model: &Model, chunks: &'a [Chunk]) -> Result<Vec<&'a Chunk>, JobError> {
    let hashes: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.embed_hash.to_vec()).collect();
    let known: HashSet<Vec<u8>> = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            embeddings::known(tx, &model.name, model.dimensions, &hashes).await
        })
        .await?
        .into_iter()
        .collect();
    let mut seen = HashSet::new();
    let unknown = chunks.iter();
    Ok(unknown
        .filter(|chunk| !known.contains(chunk.embed_hash.as_slice()) && seen.insert(chunk.embed_hash))
        .collect())
}

/// What is embedded of a chunk, without its bytes.
pub(super) fn measure<'c>(source: &Source, chunk: &'c Chunk) -> InputMeasure<'c> {
    InputMeasure {
        text: &chunk.embed_text,
        image: chunk.image.map(|image| ImageMeasure {
            pixels: image.pixels(),
            bytes: source.bytes.len(),
        }),
    }
}

fn input(source: &Source, chunk: &Chunk) -> EmbeddingInput {
    EmbeddingInput {
        text: chunk.embed_text.clone(),
        image: chunk.image.map(|image| EmbeddingImage {
            media_type: image.format.media_type(),
            pixels: image.pixels(),
            bytes: source.bytes.clone(),
        }),
    }
}

async fn embed(job: &JobContext, source: &Source, model: &Model, batch: &[&Chunk]) -> Result<Vectors, JobError> {
    let inputs = batch.iter().map(|chunk| input(source, chunk)).collect();
    let purpose = match model.name == source.model.name {
        true => EmbeddingPurpose::Document,
        false => EmbeddingPurpose::CutForAnother,
    };
    let vectors = model.embed_documents(job, inputs, purpose).await?;
    Ok(batch
        .iter()
        .map(|chunk| chunk.embed_hash.to_vec())
        .zip(vectors)
        .collect())
}

/// Stores vectors before the document is ready. Whether there is still a document to store them for.
async fn keep(job: &JobContext, asked: &IngestDocument, model: &Model, vectors: &Vectors) -> Result<bool, JobError> {
    let document = (asked.document_id, asked.version);
    // Losing them to a crash of the database costs embedding them again: no need to wait for the disk.
    let kept = job
        .app
        .store
        .tenant_with(job.tenant(), store::Durability::Relaxed, async |tx| {
            embeddings::insert_ahead(tx, job.held(), document, &model.name, vectors).await
        })
        .await;
    match kept {
        Ok(()) => {
            job.got_on();
            Ok(true)
        }
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
