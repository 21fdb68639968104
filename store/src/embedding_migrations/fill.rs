use super::{EmbeddingMigration, MigrationCounts};
use crate::jobs::{Held, got_on};
use crate::knowledge_bases::KnowledgeBase;
use crate::prepared::Prepare;
use crate::replica_cursors::SILENT_AFTER_SECS;
use crate::{
    BlobId, ChunkImage, DocumentId, KnowledgeBaseId, StoreError, TenantTx, VectorStore, blobs, effects, embeddings,
    index_changes, vector_indexes,
};
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Integer, Jsonb, Nullable, Text, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;

/// A text, or a picture beside its words, that has no vector of the new model.
#[derive(Clone, Debug, QueryableByName)]
pub struct Missing {
    #[diesel(sql_type = Bytea)]
    pub embed_hash: Vec<u8>,
    #[diesel(sql_type = Text)]
    pub embed_text: String,
    /// One that has it.
    #[diesel(sql_type = Uuid)]
    pub document_id: DocumentId,
    /// The picture beside the text, which is the document's.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub image: Option<ChunkImage>,
}

/// Some documents of a base, and what of them is missing.
#[derive(Clone, Debug)]
pub struct Page {
    /// The last one, after which the next page begins; `None` when there were no more documents.
    pub last: Option<DocumentId>,
    pub missing: Vec<Missing>,
}

/// What the next `limit` documents lack, each once.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn missing(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    (model, dimensions): (&str, usize),
    after: Option<DocumentId>,
    limit: i64,
) -> Result<Page, StoreError> {
    #[derive(QueryableByName)]
    struct Document {
        #[diesel(sql_type = Uuid)]
        id: DocumentId,
    }
    let documents: Vec<Document> = sql_query(
        "SELECT id FROM documents WHERE tenant_id = $1 AND knowledge_base_id = $2 AND ($3 IS NULL OR id > $3) ORDER BY id LIMIT $4",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Nullable<Uuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let ids: Vec<DocumentId> = documents.into_iter().map(|document| document.id).collect();
    let missing = sql_query(
        "SELECT DISTINCT ON (c.embed_hash) c.embed_hash, c.embed_text, c.document_id, c.image FROM chunks c
         WHERE c.tenant_id = $1 AND c.document_id = ANY($2) AND NOT EXISTS (
             SELECT FROM embeddings e WHERE e.tenant_id = $1 AND e.model = $3 AND e.embed_hash = c.embed_hash AND octet_length(e.vector) = $4)
         ORDER BY c.embed_hash",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(&ids)
    .bind::<Text, _>(model)
    .bind::<Integer, _>(embeddings::bytes_of(dimensions))
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(Page {
        last: ids.last().copied(),
        missing,
    })
}

/// The bytes of a picture that lacks its vector; `None` when its document has been replaced or deleted since.
///
/// # Errors
/// [`StoreError`].
pub async fn missing_image(tx: &mut TenantTx, missing: &Missing) -> Result<Option<Vec<u8>>, StoreError> {
    #[derive(QueryableByName)]
    struct Blob {
        #[diesel(sql_type = Uuid)]
        blob_id: BlobId,
    }
    let blob: Option<Blob> = sql_query(
        "SELECT v.blob_id FROM documents d
         JOIN document_versions v ON v.tenant_id = d.tenant_id AND v.document_id = d.id AND v.version = d.ready_version
         WHERE d.tenant_id = $1 AND d.id = $2 AND EXISTS (
             SELECT FROM chunks c WHERE c.tenant_id = $1 AND c.document_id = $2 AND c.embed_hash = $3)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(missing.document_id)
    .bind::<Bytea, _>(&missing.embed_hash)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    let Some(Blob { blob_id }) = blob else { return Ok(None) };
    match blobs::read(tx, blob_id).await {
        Err(StoreError::NotFound { .. }) => Ok(None),
        bytes => bytes.map(Some),
    }
}

/// Stores vectors under the lease `held`, of those texts that a chunk still has; `cut_short` of them were longer than the model reads.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another worker has the job; [`StoreError::NotFound`] when the migration has ended.
pub async fn insert(
    tx: &mut TenantTx,
    held: Held,
    migration: &EmbeddingMigration,
    cut_short: i64,
    vectors: &HashMap<Vec<u8>, Vec<f32>>,
) -> Result<(), StoreError> {
    effects::hold(tx, held).await?;
    got_on(tx, held).await?;
    // Locks it: whoever ends it, and then deletes its vectors, sees these.
    let goes_on = sql_query(
        "UPDATE embedding_migrations SET cut_short = cut_short + $4
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND generation = $3 AND ended_at IS NULL",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(migration.knowledge_base_id)
    .bind::<Integer, _>(migration.generation)
    .bind::<BigInt, _>(cut_short)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    if goes_on == 0 {
        return Err(StoreError::NotFound {
            what: "embedding migration",
        });
    }
    // Vectors before chunks, as an ingest does it: neither then waits for the other in a circle.
    embeddings::insert(tx, &migration.to_model, vectors).await?;
    let mut hashes: Vec<&Vec<u8>> = vectors.keys().collect();
    hashes.sort_unstable();
    // Waits for whoever is deleting them, and has later ones wait: a deletion either sees the vector or is seen here.
    sql_query("SELECT FROM chunks WHERE tenant_id = $1 AND embed_hash = ANY($2) ORDER BY id FOR KEY SHARE")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Array<Bytea>, _>(&hashes)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let hashes: Vec<Vec<u8>> = hashes.into_iter().cloned().collect();
    embeddings::delete_unused(tx, &hashes).await.map(|_| ())
}

/// Notes that the new index is whole, unless a text came without its vector; nothing is ingested meanwhile. Whether it is.
///
/// # Errors
/// [`StoreError::NotFound`] when the base is gone.
pub async fn ready(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    (generation, store): (i32, VectorStore),
    (model, dimensions): (&str, usize),
) -> Result<bool, StoreError> {
    index_changes::head(tx, base).await?;
    let ready = sql_query(
        "WITH ready AS (
         UPDATE embedding_migrations SET state = 'ready', ready_at = now()
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND generation = $3 AND state = 'embedding' AND NOT EXISTS (
             SELECT FROM documents d JOIN chunks c ON c.tenant_id = d.tenant_id AND c.document_id = d.id
             WHERE d.tenant_id = $1 AND d.knowledge_base_id = $2 AND NOT EXISTS (
                 SELECT FROM embeddings e
                 WHERE e.tenant_id = $1 AND e.model = $4 AND e.embed_hash = c.embed_hash AND octet_length(e.vector) = $5))
         RETURNING generation)
         UPDATE knowledge_base_heads h SET other_index_generation = ready.generation FROM ready
         WHERE h.tenant_id = $1 AND h.knowledge_base_id = $2",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Integer, _>(generation)
    .bind::<Text, _>(model)
    .bind::<Integer, _>(embeddings::bytes_of(dimensions))
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    if ready == 1 && store == VectorStore::Qdrant {
        vector_indexes::add(tx, base, generation).await?;
    }
    Ok(ready == 1)
}

/// How far the base is with a model, and its replicas with the index of `generation`, whose vectors are in `store`. A replica that is being built anew says
/// by what it has erased how far it had come before: another index is not as far as it because neither is there. Its process may have many to build before it,
/// and is counted on for an hour.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn counts(
    tx: &mut TenantTx,
    base: &KnowledgeBase,
    model: &str,
    (generation, store): (i32, VectorStore),
) -> Result<MigrationCounts, StoreError> {
    Ok(sql_query(
        "SELECT c.chunks, c.chunks_embedded, r.replicas + s.servers AS replicas, r.replicas_ready + s.servers_ready AS replicas_ready FROM (
             SELECT count(*) AS chunks, count(e.vector) AS chunks_embedded
             FROM documents d JOIN chunks c ON c.tenant_id = d.tenant_id AND c.document_id = d.id
             LEFT JOIN embeddings e ON e.tenant_id = $1 AND e.model = $3 AND e.embed_hash = c.embed_hash
             WHERE d.tenant_id = $1 AND d.knowledge_base_id = $2
         ) c CROSS JOIN (
             SELECT count(*) AS replicas, count(o.slot_id) AS replicas_ready, max(greatest(r.seq, r.erased_seq)) AS seq
             FROM replica_cursors r LEFT JOIN replica_cursors o
                 ON o.tenant_id = $1 AND o.knowledge_base_id = $2 AND o.slot_id = r.slot_id AND o.generation = $5
                 AND o.seq >= greatest(r.seq, r.erased_seq)
             WHERE r.tenant_id = $1 AND r.knowledge_base_id = $2 AND r.generation = $4 AND r.slot_id <> $6
               AND r.seen_at > now() - CASE WHEN r.seq < r.erased_seq THEN interval '1 hour' ELSE $8 * interval '1 second' END
         ) r CROSS JOIN LATERAL (
             SELECT $7::integer::bigint AS servers, count(*) AS servers_ready
             FROM replica_cursors v JOIN knowledge_base_heads h ON h.tenant_id = $1 AND h.knowledge_base_id = $2
             WHERE $7 AND v.tenant_id = $1 AND v.knowledge_base_id = $2 AND v.generation = $5 AND v.slot_id = $6
               AND v.seq >= coalesce(r.seq, h.seq)
         ) s",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base.id)
    .bind::<Text, _>(model)
    .bind::<Integer, _>(base.index_generation)
    .bind::<Integer, _>(generation)
    .bind::<Uuid, _>(vector_indexes::SERVER)
    .bind::<Bool, _>(store == VectorStore::Qdrant)
    .bind::<BigInt, _>(SILENT_AFTER_SECS)
    .prepared()
    .get_result(&mut tx.conn)
    .await?)
}
