use crate::prepared::Prepare;
use crate::{ChunkId, CollectionId, DocumentId, KnowledgeBaseId, SourceId, StoreError, TenantTx, embeddings};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bytea, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// A ready document as a replica wants it.
#[derive(Clone, Debug)]
pub struct IndexedDocument {
    pub id: DocumentId,
    pub title: String,
    pub metadata: Value,
    pub mime_type: String,
    pub external_id: Option<String>,
    pub collection_id: Option<CollectionId>,
    /// Of several, any.
    pub source_id: Option<SourceId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// What the document says of itself.
    pub said: Value,
    pub acl: Value,
    /// By ordinal.
    pub chunks: Vec<IndexedChunk>,
}

#[derive(Clone, Debug)]
pub struct IndexedChunk {
    pub id: ChunkId,
    pub ordinal: i32,
    pub headings: Vec<String>,
    pub text: String,
    pub embed_text: String,
    pub vector: Vec<f32>,
}

#[derive(QueryableByName)]
struct DocumentRow {
    #[diesel(sql_type = Uuid)]
    id: DocumentId,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
    #[diesel(sql_type = Text)]
    mime_type: String,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Nullable<Uuid>)]
    collection_id: Option<CollectionId>,
    #[diesel(sql_type = Nullable<Uuid>)]
    source_id: Option<SourceId>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = Jsonb)]
    said: Value,
    #[diesel(sql_type = Jsonb)]
    acl: Value,
}

#[derive(QueryableByName)]
struct ChunkRow {
    #[diesel(sql_type = Uuid)]
    id: ChunkId,
    #[diesel(sql_type = Uuid)]
    document_id: DocumentId,
    #[diesel(sql_type = Integer)]
    ordinal: i32,
    #[diesel(sql_type = Array<Text>)]
    headings: Vec<String>,
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = Text)]
    embed_text: String,
    #[diesel(sql_type = Bytea)]
    vector: Vec<u8>,
}

/// What of a document a replica would find, by [`indexed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct IndexedCounts {
    #[diesel(sql_type = BigInt)]
    pub chunks: i64,
    /// Chunks with a vector of the model that has the dimensions it should have.
    #[diesel(sql_type = BigInt)]
    pub vectors: i64,
}

/// Counts what a replica would find of the document.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn count_indexed(
    tx: &mut TenantTx,
    model: &str,
    dimensions: usize,
    id: DocumentId,
) -> Result<IndexedCounts, StoreError> {
    Ok(sql_query(
        "SELECT count(*) AS chunks, count(e.vector) AS vectors
         FROM chunks c LEFT JOIN embeddings e
           ON e.tenant_id = c.tenant_id AND e.model = $3 AND e.embed_hash = c.embed_hash AND octet_length(e.vector) = $4
         WHERE c.tenant_id = $1 AND c.document_id = $2",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Text, _>(model)
    .bind::<Integer, _>(embeddings::bytes_of(dimensions))
    .prepared()
    .get_result(&mut tx.conn)
    .await?)
}

/// What an index of a base holds when it has everything, by [`count_of_base`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct BaseCount {
    /// The base's newest change.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// Chunks that have a vector of the model.
    #[diesel(sql_type = BigInt)]
    pub chunks: i64,
}

/// Counts what an index of the base by the model holds: reads each of its chunks.
///
/// # Errors
/// [`StoreError::Query`]; of a base that is gone, too.
pub async fn count_of_base(tx: &mut TenantTx, base: KnowledgeBaseId, model: &str) -> Result<BaseCount, StoreError> {
    Ok(sql_query(
        "SELECT h.seq, (SELECT count(*)
             FROM documents d JOIN chunks c ON c.tenant_id = d.tenant_id AND c.document_id = d.id
                  JOIN embeddings e ON e.tenant_id = c.tenant_id AND e.model = $3 AND e.embed_hash = c.embed_hash
             WHERE d.tenant_id = $1 AND d.knowledge_base_id = $2 AND d.ready_version IS NOT NULL AND d.deleting_at IS NULL AND d.enabled) AS chunks
         FROM knowledge_base_heads h WHERE h.tenant_id = $1 AND h.knowledge_base_id = $2",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Text, _>(model)
    .prepared()
    .get_result(&mut tx.conn)
    .await?)
}

#[derive(QueryableByName)]
struct ChunkCount {
    #[diesel(sql_type = Uuid)]
    id: DocumentId,
    #[diesel(sql_type = Integer)]
    chunk_count: i32,
}

/// How many of `ids`, from the first on, have no more chunks than `most` together: the first in any case.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn first_with_chunks(tx: &mut TenantTx, ids: &[DocumentId], most: usize) -> Result<usize, StoreError> {
    let rows: Vec<ChunkCount> = sql_query(
        "SELECT id, chunk_count FROM documents WHERE tenant_id = $1 AND id = ANY($2) AND deleting_at IS NULL AND enabled",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let counts: HashMap<DocumentId, i32> = rows.into_iter().map(|row| (row.id, row.chunk_count)).collect();
    let mut chunks = 0_usize;
    let fit = ids.iter().take_while(|id| {
        let of_it = counts.get(id).copied().unwrap_or(0);
        chunks = chunks.saturating_add(usize::try_from(of_it).unwrap_or(0));
        chunks <= most
    });
    Ok(fit.count().max(1).min(ids.len()))
}

#[derive(QueryableByName)]
struct SwitchedOff {
    #[diesel(sql_type = Uuid)]
    id: DocumentId,
}

/// Those of `ids` that are there and switched off: of a document that is gone, nothing may be left.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn switched_off(tx: &mut TenantTx, ids: &[DocumentId]) -> Result<HashSet<DocumentId>, StoreError> {
    let rows: Vec<SwitchedOff> = sql_query(
        "SELECT id FROM documents WHERE tenant_id = $1 AND id = ANY($2) AND deleting_at IS NULL AND NOT enabled",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The ready versions of those of `ids` that have one and are neither switched off nor being deleted; for the others a replica has nothing to hold.
///
/// # Errors
/// [`StoreError`].
pub async fn indexed(tx: &mut TenantTx, model: &str, ids: &[DocumentId]) -> Result<Vec<IndexedDocument>, StoreError> {
    let documents: Vec<DocumentRow> = sql_query(
        "SELECT d.id, coalesce(v.title, d.title) AS title, v.metadata, v.mime_type, d.external_id, d.collection_id, d.created_at, d.updated_at, v.said, v.acl,
                (SELECT i.source_id FROM source_items i WHERE i.tenant_id = d.tenant_id AND i.document_id = d.id LIMIT 1) AS source_id
         FROM documents d JOIN document_versions v
           ON v.tenant_id = d.tenant_id AND v.document_id = d.id AND v.version = d.ready_version
         WHERE d.tenant_id = $1 AND d.id = ANY($2) AND d.deleting_at IS NULL AND d.enabled",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let found: Vec<DocumentId> = documents.iter().map(|document| document.id).collect();
    let rows: Vec<ChunkRow> = sql_query(
        "SELECT c.id, c.document_id, c.ordinal, c.headings, c.text, c.embed_text, e.vector
         FROM chunks c JOIN embeddings e ON e.tenant_id = c.tenant_id AND e.model = $3 AND e.embed_hash = c.embed_hash
         WHERE c.tenant_id = $1 AND c.document_id = ANY($2) ORDER BY c.document_id, c.ordinal",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(found)
    .bind::<Text, _>(model)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let mut chunks: HashMap<DocumentId, Vec<IndexedChunk>> = HashMap::new();
    for row in rows {
        let vector = embeddings::from_bytes(&row.vector)?;
        let chunk = IndexedChunk {
            id: row.id,
            ordinal: row.ordinal,
            headings: row.headings,
            text: row.text,
            embed_text: row.embed_text,
            vector,
        };
        chunks.entry(row.document_id).or_default().push(chunk);
    }
    Ok(documents
        .into_iter()
        .map(|row| IndexedDocument {
            id: row.id,
            title: row.title,
            metadata: row.metadata,
            mime_type: row.mime_type,
            external_id: row.external_id,
            collection_id: row.collection_id,
            source_id: row.source_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            said: row.said,
            acl: row.acl,
            chunks: chunks.remove(&row.id).unwrap_or_default(),
        })
        .collect())
}
