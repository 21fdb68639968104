//! Vectors of embedded texts: storage and cache in one.
use crate::prepared::Prepare;
use crate::schema::embeddings;
use crate::{StoreError, TenantTx};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Bytea, Uuid};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;

/// A vector as it is stored: little-endian f32, one after the other.
#[must_use]
pub fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The vector of stored bytes.
///
/// # Errors
/// [`StoreError::Corrupt`] when the length is no multiple of four.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<f32>, StoreError> {
    let (values, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(StoreError::Corrupt("a vector's bytes are cut short".to_owned()));
    }
    Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}

/// Which of the texts have been embedded with `model` before.
///
/// # Errors
/// [`StoreError`].
pub async fn known(tx: &mut TenantTx, model: &str, hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, StoreError> {
    Ok(embeddings::table
        .filter(embeddings::tenant_id.eq(tx.tenant))
        .filter(embeddings::model.eq(model))
        .filter(embeddings::embed_hash.eq_any(hashes))
        .select(embeddings::embed_hash)
        .load(&mut tx.conn)
        .await?)
}

/// Stores vectors; those that are known already stay as they are.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(tx: &mut TenantTx, model: &str, vectors: &HashMap<Vec<u8>, Vec<f32>>) -> Result<(), StoreError> {
    let rows: Vec<(&Vec<u8>, Vec<u8>)> = vectors.iter().map(|(hash, vector)| (hash, to_bytes(vector))).collect();
    for batch in rows.chunks(500) {
        let values: Vec<_> = batch
            .iter()
            .map(|(hash, vector)| {
                (
                    embeddings::tenant_id.eq(tx.tenant),
                    embeddings::model.eq(model),
                    embeddings::embed_hash.eq(*hash),
                    embeddings::vector.eq(vector),
                )
            })
            .collect();
        diesel::insert_into(embeddings::table)
            .values(values)
            .on_conflict_do_nothing()
            .execute(&mut tx.conn)
            .await?;
    }
    Ok(())
}

/// Locks the vectors a transaction is about to rely on, so that no deletion takes them before it commits; returns those that are there.
///
/// # Errors
/// [`StoreError`].
pub async fn lock(tx: &mut TenantTx, model: &str, hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, StoreError> {
    Ok(embeddings::table
        .filter(embeddings::tenant_id.eq(tx.tenant))
        .filter(embeddings::model.eq(model))
        .filter(embeddings::embed_hash.eq_any(hashes))
        .select(embeddings::embed_hash)
        .order(embeddings::embed_hash)
        .for_share()
        .load(&mut tx.conn)
        .await?)
}

/// Deletes those of the texts' vectors that no chunk of the tenant needs any more: deleted text leaves no vector behind.
///
/// Two statements on purpose: once the rows are locked, whoever relied on one ([`lock`]) has committed, and the second statement's
/// snapshot sees its chunks. A row that is locked by someone else is in use.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_unused(tx: &mut TenantTx, hashes: &[Vec<u8>]) -> Result<usize, StoreError> {
    sql_query(
        "SELECT FROM embeddings WHERE tenant_id = $1 AND embed_hash = ANY($2) ORDER BY model, embed_hash FOR UPDATE SKIP LOCKED",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Bytea>, _>(hashes)
    .prepared().execute(&mut tx.conn)
    .await?;
    Ok(sql_query(
        "DELETE FROM embeddings WHERE (tenant_id, model, embed_hash) IN (
             SELECT e.tenant_id, e.model, e.embed_hash FROM embeddings e
             WHERE e.tenant_id = $1 AND e.embed_hash = ANY($2)
               AND NOT EXISTS (SELECT FROM chunks c WHERE c.tenant_id = $1 AND c.embed_hash = e.embed_hash)
             ORDER BY e.model, e.embed_hash FOR UPDATE OF e SKIP LOCKED)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Bytea>, _>(hashes)
    .prepared()
    .execute(&mut tx.conn)
    .await?)
}
