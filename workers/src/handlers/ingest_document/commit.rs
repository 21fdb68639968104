use super::embed::Embedded;
use super::handle::{Cut, superseded};
use super::read::Source;
use crate::{Done, JobContext, JobError};
use documents::{Chunk, Format};
use jobs::kinds::{IngestDocument, IngestedDocument};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};
use store::documents::{
    Made, Named, Ready, count_indexed, forget_recognised_pages, lock_for_ingest, mark_ready, mark_unchanged, version,
};
use store::{
    ChunkId, ChunkImage, DocumentId, JobId, StoreError, TenantTx, chunks, embeddings, index_changes, knowledge_bases,
};
use uuid::Uuid;

/// The namespace of chunk ids (RFC 9562, version 5: name-based).
const CHUNK_IDS: Uuid = Uuid::from_u128(0x0e5c_6f0a_9d1b_4a63_8f7e_2b60_5a1c_77d4);

/// What is to be committed.
pub(super) struct Ingested {
    source: Source,
    /// The media type that the document has, whatever was said of it.
    media_type: String,
    title: String,
    /// What the document says of itself.
    said: Value,
    /// Some of its pages are pictures that were read, or some pictures in it were.
    is_recognised: bool,
    chunks: Vec<Chunk>,
    embedded: Embedded,
    unchanged: bool,
}

impl Ingested {
    pub(super) fn new(source: Source, format: Format, cut: Cut, embedded: Embedded) -> Self {
        let Cut {
            title,
            said,
            is_recognised,
            chunks,
        } = cut;
        Self {
            media_type: source.media_type(format),
            source,
            title,
            is_recognised,
            said,
            chunks,
            embedded,
            unchanged: false,
        }
    }

    pub(super) fn unchanged(source: Source) -> Self {
        let title = source.ready.title.clone();
        Self {
            media_type: source.version.mime_type.clone(),
            source,
            title,
            said: json!({}),
            is_recognised: false,
            chunks: Vec::new(),
            embedded: Embedded::default(),
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
                embeddings::forget_ahead(tx, asked.document_id, asked.version).await?;
                return job.finish(tx, &superseded()).await;
            }
            let now = version(tx, asked.document_id, asked.version).await?;
            let read = &ingested.source.version;
            if (&now.metadata, &now.acl) != (&read.metadata, &read.acl) {
                return Err(JobError::retry(
                    "changed_meanwhile",
                    "The document's metadata or access list changed while it was ingested.",
                ));
            }
            let result = if ingested.unchanged && ready.fingerprint.as_ref() == Some(&ingested.source.fingerprint) {
                keep(tx, asked, &ready).await?
            } else {
                job.step("index", replace(tx, asked, &ingested, job.id())).await?;
                job.step_detail(json!({ "chunks": ingested.chunks.len() }));
                job.step("verify", verify_and_tell(job, tx, asked, &ingested)).await?
            };
            job.finish(tx, &result).await
        })
        .await?;
    Ok(Done::Committed(ended))
}

async fn keep(tx: &mut TenantTx, asked: &IngestDocument, ready: &Ready) -> Result<IngestedDocument, JobError> {
    let served = version(tx, asked.document_id, ready.ready_version.unwrap_or(asked.version)).await?;
    let named = Named {
        title: served.title.as_deref().unwrap_or(&ready.title),
        mime_type: &served.mime_type,
    };
    mark_unchanged(tx, asked.document_id, asked.version, named).await?;
    let chunks = usize::try_from(ready.chunk_count).unwrap_or(0);
    Ok(IngestedDocument {
        unchanged: true,
        superseded: false,
        chunks,
        embedded: 0,
        index_seq: None,
    })
}

async fn replace(tx: &mut TenantTx, asked: &IngestDocument, ingested: &Ingested, by: JobId) -> Result<(), JobError> {
    if ingested.unchanged {
        // What it equalled was replaced in the meantime: read it again.
        return Err(JobError::retry(
            "changed_meanwhile",
            "The document was replaced while it was being compared.",
        ));
    }
    let (document, source) = (asked.document_id, &ingested.source);
    for (model, vectors) in &ingested.embedded.in_hand {
        embeddings::insert(tx, model, vectors).await?;
    }
    let rows = rows(document, source, &ingested.chunks);
    let hashes: HashSet<Vec<u8>> = rows.iter().map(|chunk| chunk.embed_hash.clone()).collect();
    let wanted: Vec<Vec<u8>> = hashes.iter().cloned().collect();
    for model in source.models() {
        if embeddings::lock(tx, &model.name, &wanted).await?.len() < wanted.len() {
            return Err(JobError::retry(
                "changed_meanwhile",
                "A known vector was deleted while the document was embedded.",
            ));
        }
    }
    let before = embeddings::release_hashes(tx, document, asked.version).await?;
    chunks::replace(tx, source.base.id, document, &rows).await?;
    let unused: Vec<Vec<u8>> = before.into_iter().filter(|hash| !hashes.contains(hash)).collect();
    embeddings::delete_unused(tx, &unused).await?;
    if ingested.is_recognised {
        forget_recognised_pages(tx, source.version.blob_id).await?;
    }
    let count = i32::try_from(rows.len()).unwrap_or(i32::MAX);
    let named = Named {
        title: &ingested.title,
        mime_type: &ingested.media_type,
    };
    let made = Made {
        by,
        said: &ingested.said,
        fingerprint: &source.fingerprint,
        chunk_count: count,
    };
    mark_ready(tx, document, asked.version, named, made).await?;
    Ok(())
}

/// Reads what replicas will read, and then tells them of it: a document of which they would find less than was written is not served.
async fn verify_and_tell(
    job: &JobContext,
    tx: &mut TenantTx,
    asked: &IngestDocument,
    ingested: &Ingested,
) -> Result<IngestedDocument, JobError> {
    let source = &ingested.source;
    for model in source.models() {
        let dimensions = model.dimensions;
        let found = count_indexed(tx, &model.name, dimensions, asked.document_id).await?;
        job.step_detail(json!({ "chunks": found.chunks, "vectors": found.vectors, "dimensions": dimensions }));
        let written = i64::try_from(ingested.chunks.len()).unwrap_or(i64::MAX);
        if (found.chunks, found.vectors) != (written, written) {
            let message = format!(
                "Of {written} chunks, replicas would find {}, and {} with a vector of {dimensions} dimensions.",
                found.chunks, found.vectors
            );
            return Err(JobError::retry("not_as_written", message));
        }
    }
    // Last, because it locks the base's head until commit.
    let seq = index_changes::record(tx, source.base.id, &[asked.document_id]).await?;
    // Asked under that lock, in a statement of its own: the base may have begun, switched or ended a migration while the document was embedded.
    let heads = knowledge_bases::heads(tx, &[source.base.id]).await?;
    let embedded: BTreeSet<&str> = source.models().iter().map(|model| &*model.name).collect();
    let is_right = heads.iter().all(|head| {
        let other = head.other.as_ref().map(|other| &*other.embedding_model);
        embedded == std::iter::once(&*head.base.embedding_model).chain(other).collect()
    });
    if !is_right {
        return Err(JobError::retry(
            "changed_meanwhile",
            "The knowledge base came to have other embedding models while the document was embedded.",
        ));
    }
    Ok(IngestedDocument {
        unchanged: false,
        superseded: false,
        chunks: ingested.chunks.len(),
        embedded: ingested.embedded.count,
        index_seq: Some(seq),
    })
}

fn rows(document: DocumentId, source: &Source, chunks: &[Chunk]) -> Vec<chunks::Chunk> {
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
            image: chunk.image.map(|image| ChunkImage {
                media_type: image.format.media_type().to_owned(),
                width: image.width,
                height: image.height,
                bytes: source.bytes.len(),
            }),
        })
        .collect()
}
