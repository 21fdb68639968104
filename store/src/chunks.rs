//! Chunks of ready documents.
use crate::schema::chunks;
use crate::{ChunkId, DocumentId, KnowledgeBaseId, StoreError, TenantTx};
use diesel::prelude::*;
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
    /// SHA-256 of `embed_text`.
    pub embed_hash: Vec<u8>,
    /// Of `embed_text`, by the embedding model's tokenizer.
    pub tokens: i32,
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

/// What the document's chunks were embedded from.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn embed_hashes(tx: &mut TenantTx, document: DocumentId) -> Result<Vec<Vec<u8>>, StoreError> {
    Ok(chunks::table
        .filter(chunks::tenant_id.eq(tx.tenant))
        .filter(chunks::document_id.eq(document))
        .select(chunks::embed_hash)
        .load(&mut tx.conn)
        .await?)
}
