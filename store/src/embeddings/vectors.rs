use crate::prepared::Prepare;
use crate::schema::embeddings;
use crate::{StoreError, TenantTx};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Bytea, Integer, Text, Uuid};
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

/// The SHA-256 of a text, by which its vector is found.
#[derive(QueryableByName)]
pub(super) struct Hash {
    #[diesel(sql_type = Bytea)]
    hash: Vec<u8>,
}

impl Hash {
    pub(super) fn all(rows: Vec<Self>) -> Vec<Vec<u8>> {
        rows.into_iter().map(|row| row.hash).collect()
    }
}

/// Which of the texts have been embedded with `model` before, into vectors of so many dimensions.
///
/// # Errors
/// [`StoreError`].
pub async fn known(
    tx: &mut TenantTx,
    model: &str,
    dimensions: usize,
    hashes: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, StoreError> {
    let known: Vec<Hash> = sql_query(
        "SELECT embed_hash AS hash FROM embeddings
         WHERE tenant_id = $1 AND model = $2 AND embed_hash = ANY($3) AND octet_length(vector) = $4",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(model)
    .bind::<Array<Bytea>, _>(hashes)
    .bind::<Integer, _>(bytes_of(dimensions))
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(Hash::all(known))
}

/// How many bytes a vector takes.
pub(crate) fn bytes_of(dimensions: usize) -> i32 {
    i32::try_from(dimensions.saturating_mul(4)).unwrap_or(i32::MAX)
}

/// Stores vectors; those that are known already stay as they are, unless they are of another length, which no vector of the model can be.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(tx: &mut TenantTx, model: &str, vectors: &HashMap<Vec<u8>, Vec<f32>>) -> Result<(), StoreError> {
    let mut rows: Vec<(&Vec<u8>, Vec<u8>)> = vectors.iter().map(|(hash, vector)| (hash, to_bytes(vector))).collect();
    // In one order, so that two transactions with the same texts wait for each other and do not lock each other out.
    rows.sort_unstable();
    for batch in rows.chunks(500) {
        sql_query(
            "INSERT INTO embeddings AS e (tenant_id, model, embed_hash, vector)
             SELECT $1, $2, hash, vector FROM unnest($3::bytea[], $4::bytea[]) AS new (hash, vector)
             ON CONFLICT (tenant_id, model, embed_hash) DO UPDATE SET vector = excluded.vector
                 WHERE octet_length(e.vector) <> octet_length(excluded.vector)",
        )
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Text, _>(model)
        .bind::<Array<Bytea>, _>(batch.iter().map(|(hash, _)| *hash).collect::<Vec<_>>())
        .bind::<Array<Bytea>, _>(batch.iter().map(|(_, vector)| vector).collect::<Vec<_>>())
        .prepared()
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
/// snapshot sees its chunks. A row that is locked by someone else is in use, or left to us by a deletion that goes on at the same time and still sees
/// the chunks that we delete: it is noted, and looked at again by [`deletions::settle`](crate::deletions::settle).
///
/// # Errors
/// [`StoreError`].
pub async fn delete_unused(tx: &mut TenantTx, hashes: &[Vec<u8>]) -> Result<usize, StoreError> {
    if hashes.is_empty() {
        return Ok(0);
    }
    sql_query(
        "SELECT FROM embeddings WHERE tenant_id = $1 AND embed_hash = ANY($2) ORDER BY model, embed_hash FOR UPDATE SKIP LOCKED",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Bytea>, _>(hashes)
    .prepared().execute(&mut tx.conn)
    .await?;
    let deleted = sql_query(
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
    .await?;
    sql_query(
        "INSERT INTO unused_embeddings (tenant_id, embed_hash)
         SELECT DISTINCT e.tenant_id, e.embed_hash FROM embeddings e
         WHERE e.tenant_id = $1 AND e.embed_hash = ANY($2)
           AND NOT EXISTS (SELECT FROM chunks c WHERE c.tenant_id = $1 AND c.embed_hash = e.embed_hash)
         ORDER BY e.embed_hash ON CONFLICT DO NOTHING",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Bytea>, _>(hashes)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(deleted)
}
