//! Bases of any size, made of a real one's chunks. They are written as an ingest writes them, with vectors that are not computed: what is measured here
//! is search, and 100,000 vectors take a model 40 minutes.
use super::chunks::{Chunk, Chunks};
use crate::bench::rig::Rig;
use crate::client::{Client, find_or_create};
use anyhow::ensure;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use store::documents::{Made, Named, NewDocument, mark_ready, submit};
use store::{
    ChunkId, JobId, KnowledgeBaseId, StoreError, TenantId, TenantTx, chunks, embeddings, index_changes, knowledge_bases,
};
use uuid::Uuid;

const CHUNKS_OF_DOCUMENT: usize = 20;
const DOCUMENTS_OF_TRANSACTION: usize = 20;

/// The base with `size` chunks; made unless it is there.
pub(super) async fn base_of(
    rig: &Rig,
    tenant: TenantId,
    client: &Client,
    seed: &Chunks,
    size: usize,
) -> anyhow::Result<KnowledgeBaseId> {
    ensure!(!seed.0.is_empty(), "there is no chunk to make others of");
    let base = KnowledgeBaseId(find_or_create(client, &format!("bench-{size}-chunks")).await?.id);
    let store = &rig.context.store;
    let (model, there) = store
        .tenant(tenant, async |tx| {
            let model = knowledge_bases::find(tx, base).await?.embedding_model;
            let documents = store::documents::ids_of_base(tx, base, i64::MAX).await?;
            Ok::<_, StoreError>((model, documents.len()))
        })
        .await?;
    let numbers: Vec<usize> = (0..size).skip(there * CHUNKS_OF_DOCUMENT).collect();
    let documents: Vec<&[usize]> = numbers.chunks(CHUNKS_OF_DOCUMENT).collect();
    for batch in documents.chunks(DOCUMENTS_OF_TRANSACTION) {
        store
            .tenant(tenant, async |tx| {
                let mut written = Vec::new();
                for numbers in batch {
                    let of_document: Vec<Chunk> = numbers.iter().filter_map(|number| mixed(seed, *number)).collect();
                    written.push(write(tx, base, &model, &of_document).await?);
                }
                index_changes::record(tx, base, &written).await
            })
            .await?;
    }
    Ok(base)
}

/// The seed's chunks in their order, and then the first half of one with the second half of another, between whose vectors its own lies.
fn mixed(seed: &Chunks, number: usize) -> Option<Chunk> {
    let count = seed.0.len();
    let (round, place) = (number / count, number % count);
    let (a, b) = (seed.0.get(place)?, seed.0.get((place + round * 7919) % count)?);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let (first, second) = (words(&a.text), words(&b.text));
    let half = first
        .iter()
        .take(first.len().div_ceil(2))
        .chain(second.iter().skip(second.len().div_ceil(2)));
    let text = half.map(String::as_str).collect::<Vec<&str>>().join(" ");
    let sum: Vec<f32> = a.vector.iter().zip(&b.vector).map(|(a, b)| a + b).collect();
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    Some(Chunk {
        id: Uuid::now_v7(),
        document: Uuid::nil(),
        embed_text: format!("{}\n{text} {number}", a.title),
        title: a.title.clone(),
        text: format!("{text} {number}"),
        vector: sum.iter().map(|value| value / length).collect(),
    })
}

async fn write(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    model: &str,
    of: &[Chunk],
) -> Result<store::DocumentId, StoreError> {
    let title = of.first().map_or("", |chunk| chunk.title.as_str());
    let text: Vec<&str> = of.iter().map(|chunk| chunk.text.as_str()).collect();
    let by = JobId::generate();
    let submitted = submit(
        tx,
        &NewDocument {
            knowledge_base_id: base,
            external_id: None,
            collection_id: None,
            title: Some(title),
            mime_type: "text/plain",
            file_name: None,
            metadata: None,
            acl: None,
            bytes: text.join("\n\n").as_bytes(),
            job_id: by,
        },
    )
    .await?;
    let id = submitted.document_id;
    let hash = |chunk: &Chunk| Sha256::digest(chunk.embed_text.as_bytes()).to_vec();
    let vectors: HashMap<Vec<u8>, Vec<f32>> = of.iter().map(|chunk| (hash(chunk), chunk.vector.clone())).collect();
    embeddings::insert(tx, model, &vectors).await?;
    let rows: Vec<chunks::Chunk> = (0..)
        .zip(of)
        .map(|(ordinal, chunk)| chunks::Chunk {
            id: ChunkId(chunk.id),
            document_id: id,
            ordinal,
            headings: Vec::new(),
            text: chunk.text.clone(),
            embed_text: chunk.embed_text.clone(),
            embed_hash: hash(chunk),
            tokens: 0,
            image: None,
        })
        .collect();
    chunks::replace(tx, base, id, &rows).await?;
    let named = Named {
        title,
        mime_type: "text/plain",
    };
    let made = Made {
        by,
        said: &serde_json::json!({}),
        fingerprint: &[],
        chunk_count: i32::try_from(rows.len()).unwrap_or(i32::MAX),
    };
    mark_ready(tx, id, submitted.version, named, made).await?;
    Ok(id)
}
