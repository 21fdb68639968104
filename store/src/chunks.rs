//! Chunks of ready documents.
use crate::documents::URL;
use crate::prepared::Prepare;
use crate::schema::chunks;
use crate::{ChunkId, ChunkImage, DocumentId, KnowledgeBaseId, StoreError, TenantTx};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;

/// A chunk as it is stored and shown.
#[derive(Clone, Debug, HasQuery)]
pub struct Chunk {
    pub id: ChunkId,
    pub document_id: DocumentId,
    /// Its place in the document, from 0.
    pub ordinal: i32,
    /// The headings it stands under, outermost first.
    pub headings: Vec<String>,
    pub text: String,
    /// What is embedded and indexed: title and headings, then the text.
    pub embed_text: String,
    /// SHA-256 of `embed_text`; where the chunk is a picture, of that and the picture.
    pub embed_hash: Vec<u8>,
    /// Of `embed_text`, by the embedding model's tokenizer.
    pub tokens: i32,
    pub image: Option<ChunkImage>,
}

/// Makes `new` the chunks of the document, in place: a chunk whose id stays keeps its row.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn replace(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    document: DocumentId,
    new: &[Chunk],
) -> Result<(), StoreError> {
    let kept: Vec<ChunkId> = new.iter().map(|chunk| chunk.id).collect();
    let stale = chunks::table
        .filter(chunks::tenant_id.eq(tx.tenant))
        .filter(chunks::document_id.eq(document))
        .filter(diesel::dsl::not(chunks::id.eq_any(kept)));
    diesel::delete(stale).execute(&mut tx.conn).await?;
    for batch in new.chunks(500) {
        let rows: Vec<_> = batch
            .iter()
            .map(|chunk| {
                (
                    chunks::tenant_id.eq(tx.tenant),
                    chunks::id.eq(chunk.id),
                    chunks::knowledge_base_id.eq(base),
                    chunks::document_id.eq(document),
                    chunks::ordinal.eq(chunk.ordinal),
                    chunks::headings.eq(&chunk.headings),
                    chunks::text.eq(&chunk.text),
                    chunks::embed_text.eq(&chunk.embed_text),
                    chunks::embed_hash.eq(&chunk.embed_hash),
                    chunks::tokens.eq(chunk.tokens),
                    chunks::image.eq(&chunk.image),
                )
            })
            .collect();
        use diesel::upsert::excluded;
        diesel::insert_into(chunks::table)
            .values(rows)
            .on_conflict((chunks::tenant_id, chunks::id))
            .do_update()
            .set((
                chunks::ordinal.eq(excluded(chunks::ordinal)),
                chunks::headings.eq(excluded(chunks::headings)),
                chunks::text.eq(excluded(chunks::text)),
                chunks::embed_text.eq(excluded(chunks::embed_text)),
                chunks::embed_hash.eq(excluded(chunks::embed_hash)),
                chunks::tokens.eq(excluded(chunks::tokens)),
                chunks::image.eq(excluded(chunks::image)),
            ))
            .execute(&mut tx.conn)
            .await?;
    }
    Ok(())
}

/// The document's chunks from ordinal `from` on.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(tx: &mut TenantTx, document: DocumentId, from: i32, limit: i64) -> Result<Vec<Chunk>, StoreError> {
    Ok(Chunk::query()
        .filter(chunks::tenant_id.eq(tx.tenant))
        .filter(chunks::document_id.eq(document))
        .filter(chunks::ordinal.ge(from))
        .order(chunks::ordinal)
        .limit(limit)
        .load(&mut tx.conn)
        .await?)
}

/// A chunk with what decides who may see it: the access list it is indexed under, and that of the document's latest submission, which may have
/// been narrowed and not be indexed yet. Both are as they are stored; see the crate `retrieval` for their form.
#[derive(Clone, Debug, QueryableByName)]
pub struct ShownChunk {
    #[diesel(sql_type = sql_types::Uuid)]
    pub id: ChunkId,
    #[diesel(sql_type = sql_types::Text)]
    pub title: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    pub external_id: Option<String>,
    /// The address of the document, where it comes from a web source.
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    pub url: Option<String>,
    #[diesel(sql_type = sql_types::Text)]
    pub mime_type: String,
    /// Its place in the document, from 0.
    #[diesel(sql_type = sql_types::Integer)]
    pub ordinal: i32,
    /// Of the document, where it was asked for.
    #[diesel(sql_type = sql_types::Nullable<sql_types::Jsonb>)]
    pub metadata: Option<serde_json::Value>,
    #[diesel(sql_type = sql_types::Jsonb)]
    pub indexed_acl: serde_json::Value,
    #[diesel(sql_type = sql_types::Jsonb)]
    pub latest_acl: serde_json::Value,
    #[diesel(sql_type = sql_types::Array<sql_types::Text>)]
    pub headings: Vec<String>,
    #[diesel(sql_type = sql_types::Text)]
    pub text: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Jsonb>)]
    pub image: Option<ChunkImage>,
}

/// Those of the chunks that still exist, in no particular order: none of a document or base that is being deleted, or of a document that is switched off. What is said of their documents is of the
/// version that is served.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn shown(tx: &mut TenantTx, ids: &[ChunkId], with_metadata: bool) -> Result<Vec<ShownChunk>, StoreError> {
    Ok(diesel::sql_query(format!(
        "SELECT c.id, coalesce(v.title, d.title) AS title, d.external_id, {URL} AS url, v.mime_type, c.ordinal,
                CASE WHEN $3 THEN v.metadata END AS metadata, v.acl AS indexed_acl, d.acl AS latest_acl, c.headings, c.text, c.image
         FROM chunks c
         JOIN documents d ON d.tenant_id = c.tenant_id AND d.id = c.document_id AND d.deleting_at IS NULL AND d.enabled
         JOIN document_versions v ON v.tenant_id = d.tenant_id AND v.document_id = d.id AND v.version = d.ready_version
         JOIN knowledge_bases b ON b.tenant_id = d.tenant_id AND b.id = d.knowledge_base_id AND b.deleting_at IS NULL
         WHERE c.tenant_id = $1 AND c.id = ANY($2)"
    ))
    .bind::<sql_types::Uuid, _>(tx.tenant)
    .bind::<sql_types::Array<sql_types::Uuid>, _>(ids)
    .bind::<sql_types::Bool, _>(with_metadata)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// The places of those of the chunks that still exist.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn ordinals(tx: &mut TenantTx, ids: &[ChunkId]) -> Result<Vec<(ChunkId, i32)>, StoreError> {
    Ok(chunks::table
        .filter(chunks::tenant_id.eq(tx.tenant))
        .filter(chunks::id.eq_any(ids))
        .select((chunks::id, chunks::ordinal))
        .load(&mut tx.conn)
        .await?)
}

/// Those of the chunks that are pictures.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn images(tx: &mut TenantTx, ids: &[ChunkId]) -> Result<Vec<ChunkId>, StoreError> {
    Ok(chunks::table
        .filter(chunks::tenant_id.eq(tx.tenant))
        .filter(chunks::id.eq_any(ids))
        .filter(chunks::image.is_not_null())
        .select(chunks::id)
        .load(&mut tx.conn)
        .await?)
}

/// How many documents of the base are pictures: each is one chunk.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn count_images(tx: &mut TenantTx, base: KnowledgeBaseId) -> Result<i64, StoreError> {
    Ok(chunks::table
        .filter(chunks::tenant_id.eq(tx.tenant))
        .filter(chunks::knowledge_base_id.eq(base))
        .filter(chunks::image.is_not_null())
        .count()
        .get_result(&mut tx.conn)
        .await?)
}

/// A chunk that stands near another one of the same document, with what decides who may see it, as of [`ShownChunk`].
#[derive(Clone, Debug, QueryableByName)]
pub struct Neighbour {
    /// The other one.
    #[diesel(sql_type = sql_types::Uuid)]
    pub of: ChunkId,
    /// How many places after it; negative before it.
    #[diesel(sql_type = sql_types::Integer)]
    pub distance: i32,
    #[diesel(sql_type = sql_types::Uuid)]
    pub id: ChunkId,
    #[diesel(sql_type = sql_types::Array<sql_types::Text>)]
    pub headings: Vec<String>,
    #[diesel(sql_type = sql_types::Text)]
    pub text: String,
    #[diesel(sql_type = sql_types::Jsonb)]
    pub indexed_acl: serde_json::Value,
    #[diesel(sql_type = sql_types::Jsonb)]
    pub latest_acl: serde_json::Value,
}

/// Up to `count` chunks before and after each of the chunks, in the order of their document; none of one that is being deleted or switched off.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn neighbours(tx: &mut TenantTx, of: &[ChunkId], count: i32) -> Result<Vec<Neighbour>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT c.id AS of, n.ordinal - c.ordinal AS distance, n.id, n.headings, n.text, v.acl AS indexed_acl, d.acl AS latest_acl
         FROM chunks c
         JOIN chunks n ON n.tenant_id = c.tenant_id AND n.document_id = c.document_id AND n.ordinal BETWEEN c.ordinal - $3 AND c.ordinal + $3
         JOIN documents d ON d.tenant_id = n.tenant_id AND d.id = n.document_id AND d.deleting_at IS NULL AND d.enabled
         JOIN document_versions v ON v.tenant_id = d.tenant_id AND v.document_id = d.id AND v.version = d.ready_version
         WHERE c.tenant_id = $1 AND c.id = ANY($2) AND n.id <> c.id
         ORDER BY c.id, n.ordinal",
    )
    .bind::<sql_types::Uuid, _>(tx.tenant)
    .bind::<sql_types::Array<sql_types::Uuid>, _>(of)
    .bind::<sql_types::Integer, _>(count)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
