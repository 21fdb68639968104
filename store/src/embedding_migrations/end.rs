use super::migration::VECTORS;
use crate::knowledge_bases::KnowledgeBaseHead;
use crate::prepared::Prepare;
use crate::{DocumentId, KnowledgeBaseId, StoreError, TenantTx, knowledge_bases};
use diesel::sql_types::{BigInt, Bytea, Nullable, Text, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Ends the migration of a base that is locked: the index that is searched stays, the other goes. Returns whose vectors are to be deleted.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no other index.
pub async fn end(tx: &mut TenantTx, head: &KnowledgeBaseHead) -> Result<String, StoreError> {
    let Some(other) = &head.other else {
        return Err(StoreError::NotFound { what: "other index" });
    };
    knowledge_bases::set_indexes(tx, &head.base, None).await?;
    sql_query(
        "UPDATE embedding_migrations SET state = CASE state WHEN 'switched' THEN 'finished' ELSE 'cancelled' END, ended_at = now()
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND ended_at IS NULL",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(head.base.id)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(other.embedding_model.clone())
}

/// Deletes the vectors of `model` of the next `limit` documents of a base that has no index by it, unless another base of the tenant has one and a chunk
/// of the same text. Returns the last of the documents, and how many vectors went; one that somebody has locked is left, and goes with its text. A migration
/// to the model begins before it or after its commit.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn drop_vectors(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    model: &str,
    after: Option<DocumentId>,
    limit: i64,
) -> Result<Option<(DocumentId, usize)>, StoreError> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = Uuid)]
        id: DocumentId,
    }
    // A statement of its own: those that follow see the migration that was waited for.
    sql_query(format!("SELECT pg_advisory_xact_lock_shared({VECTORS})"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Text, _>(model)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let last: Option<Last> = sql_query(
        "SELECT id FROM (
             SELECT id FROM documents WHERE tenant_id = $1 AND knowledge_base_id = $2 AND ($3 IS NULL OR id > $3) ORDER BY id LIMIT $4
         ) page ORDER BY id DESC LIMIT 1",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Nullable<Uuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    let Some(Last { id: last }) = last else { return Ok(None) };
    // Two statements, as in `embeddings::delete_unused`: what is locked by somebody who relies on it is not taken, and who relied on it has committed.
    let hashes: Vec<Hash> = sql_query(
        "SELECT e.embed_hash AS hash FROM embeddings e
         WHERE e.tenant_id = $1 AND e.model = $2 AND e.embed_hash IN (
             SELECT c.embed_hash FROM documents d JOIN chunks c ON c.tenant_id = d.tenant_id AND c.document_id = d.id
             WHERE d.tenant_id = $1 AND d.knowledge_base_id = $3 AND ($4 IS NULL OR d.id > $4) AND d.id <= $5)
         ORDER BY e.embed_hash FOR UPDATE OF e SKIP LOCKED",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(model)
    .bind::<Uuid, _>(base)
    .bind::<Nullable<Uuid>, _>(after)
    .bind::<Uuid, _>(last)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let hashes: Vec<Vec<u8>> = hashes.into_iter().map(|row| row.hash).collect();
    let dropped = sql_query(
        "DELETE FROM embeddings e WHERE e.tenant_id = $1 AND e.model = $2 AND e.embed_hash = ANY($3) AND NOT EXISTS (
             SELECT FROM chunks c JOIN knowledge_bases k ON k.tenant_id = c.tenant_id AND k.id = c.knowledge_base_id
             JOIN knowledge_base_heads h ON h.tenant_id = k.tenant_id AND h.knowledge_base_id = k.id
             WHERE c.tenant_id = $1 AND c.embed_hash = e.embed_hash AND $2 IN (k.embedding_model, h.other_embedding_model))",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(model)
    .bind::<diesel::sql_types::Array<Bytea>, _>(hashes)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(Some((last, dropped)))
}

#[derive(QueryableByName)]
struct Hash {
    #[diesel(sql_type = Bytea)]
    hash: Vec<u8>,
}
