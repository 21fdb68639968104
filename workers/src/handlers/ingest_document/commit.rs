use super::handle::superseded;
use super::read::Source;
use crate::{Done, JobContext, JobError};
use documents::Chunk;
use jobs::kinds::{IngestDocument, IngestedDocument};
use std::collections::{HashMap, HashSet};
use store::documents::{Ready, lock_for_ingest, mark_ready, mark_unchanged, version};
use store::{ChunkId, DocumentId, StoreError, TenantTx, chunks, embeddings, index_changes};
use uuid::Uuid;

/// The namespace of chunk ids (RFC 9562, version 5: name-based).
const CHUNK_IDS: Uuid = Uuid::from_u128(0x0e5c_6f0a_9d1b_4a63_8f7e_2b60_5a1c_77d4);

/// What is to be committed.
pub(super) struct Ingested {
    source: Source,
    title: String,
    chunks: Vec<Chunk>,
    /// Of the chunks whose text was not known.
    vectors: HashMap<Vec<u8>, Vec<f32>>,
    unchanged: bool,
}

impl Ingested {
    pub(super) fn new(source: Source, title: String, chunks: Vec<Chunk>, vectors: HashMap<Vec<u8>, Vec<f32>>) -> Self {
        Self {
            source,
            title,
            chunks,
            vectors,
            unchanged: false,
        }
    }

    pub(super) fn unchanged(source: Source) -> Self {
        let title = source.ready.title.clone();
        Self {
            source,
            title,
            chunks: Vec::new(),
            vectors: HashMap::new(),
            unchanged: true,
        }
    }
}

/// Puts the version in place, tells the replicas, and ends the job, in one transaction.
pub(super) async fn commit(job: &JobContext, asked: &IngestDocument, ingested: Ingested) -> Result<Done, JobError> {
    let ended = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            // Locked again: since it was read, another version may have become ready, or the document may be on its way out.
            let ready = match lock_for_ingest(tx, asked.document_id).await {
                Err(StoreError::NotFound { .. }) => return job.finish(tx, &superseded()).await,
                ready => ready?,
            };
            if ready.ready_version.is_some_and(|version| version > asked.version) {
                return job.finish(tx, &superseded()).await;
            }
            let result = if ingested.unchanged && ready.fingerprint.as_ref() == Some(&ingested.source.fingerprint) {
                keep(tx, asked, &ready).await?
            } else {
                replace(tx, asked, &ingested).await?
            };
            job.finish(tx, &result).await
        })
        .await?;
    Ok(Done::Committed(ended))
}

async fn keep(tx: &mut TenantTx, asked: &IngestDocument, ready: &Ready) -> Result<IngestedDocument, JobError> {
    let served = version(tx, asked.document_id, ready.ready_version.unwrap_or(asked.version)).await?;
    mark_unchanged(
        tx,
        asked.document_id,
        asked.version,
        served.title.as_deref().unwrap_or(&ready.title),
    )
    .await?;
    let chunks = usize::try_from(ready.chunk_count).unwrap_or(0);
    Ok(IngestedDocument {
        unchanged: true,
        superseded: false,
        chunks,
        embedded: 0,
        index_seq: None,
    })
}

async fn replace(tx: &mut TenantTx, asked: &IngestDocument, ingested: &Ingested) -> Result<IngestedDocument, JobError> {
    if ingested.unchanged {
        // What it equalled was replaced in the meantime: read it again.
        return Err(JobError::retry(
            "changed_meanwhile",
            "The document was replaced while it was being compared.",
        ));
    }
    let (document, source) = (asked.document_id, &ingested.source);
    let model = &source.base.embedding_model;
    embeddings::insert(tx, model, &ingested.vectors).await?;
    let rows = rows(document, &ingested.chunks);
    let hashes: HashSet<Vec<u8>> = rows.iter().map(|chunk| chunk.embed_hash.clone()).collect();
    let wanted: Vec<Vec<u8>> = hashes.iter().cloned().collect();
    if embeddings::lock(tx, model, &wanted).await?.len() < wanted.len() {
        return Err(JobError::retry(
            "changed_meanwhile",
            "A known vector was deleted while the document was embedded.",
        ));
    }
    let before = chunks::embed_hashes(tx, document).await?;
    chunks::replace(tx, source.base.id, document, &rows).await?;
    let unused: Vec<Vec<u8>> = before.into_iter().filter(|hash| !hashes.contains(hash)).collect();
    embeddings::delete_unused(tx, &unused).await?;
    let count = i32::try_from(rows.len()).unwrap_or(i32::MAX);
    mark_ready(tx, document, asked.version, &ingested.title, &source.fingerprint, count).await?;
    // Last, because it locks the base's head until commit.
    let seq = index_changes::record(tx, source.base.id, &[document]).await?;
    Ok(IngestedDocument {
        unchanged: false,
        superseded: false,
        chunks: rows.len(),
        embedded: ingested.vectors.len(),
        index_seq: Some(seq),
    })
}

fn rows(document: DocumentId, chunks: &[Chunk]) -> Vec<chunks::Chunk> {
    chunks
        .iter()
        .map(|chunk| chunks::Chunk {
            id: ChunkId(Uuid::new_v5(&CHUNK_IDS, format!("{document}/{}", chunk.key).as_bytes())),
            document_id: document,
            ordinal: i32::try_from(chunk.ordinal).unwrap_or(i32::MAX),
            headings: chunk.headings.clone(),
            text: chunk.text.clone(),
            embed_text: chunk.embed_text.clone(),
            embed_hash: chunk.embed_hash.to_vec(),
            tokens: i32::try_from(chunk.tokens).unwrap_or(i32::MAX),
        })
        .collect()
}
