//! Vectors of a document that is not ready yet, kept so that an ingest which is taken up again need not embed them once more.
use super::vectors::Hash;
use super::{delete_unused, insert};
use crate::jobs::{Held, got_on};
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{DocumentId, StoreError, System, TenantTx, effects};
use diesel::sql_types::{Array, Bytea, Integer, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;

/// Stores vectors for a version that is being ingested under the lease `held`, and notes whose they are.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another worker has the job; [`StoreError::NotFound`] when the document is gone or being deleted.
pub async fn insert_ahead(
    tx: &mut TenantTx,
    held: Held,
    (document, version): (DocumentId, i32),
    model: &str,
    vectors: &HashMap<Vec<u8>, Vec<f32>>,
) -> Result<(), StoreError> {
    effects::hold(tx, held).await?;
    // The lock keeps a deletion from beginning, or from missing what is stored here.
    let noted = sql_query(
        "INSERT INTO embeddings_ahead (tenant_id, document_id, version, hashes)
         SELECT tenant_id, id, $3, $4 FROM documents WHERE tenant_id = $1 AND id = $2 AND deleting_at IS NULL FOR SHARE",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(document)
    .bind::<Integer, _>(version)
    .bind::<Array<Bytea>, _>(vectors.keys().collect::<Vec<_>>())
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    if noted == 0 {
        return Err(StoreError::NotFound { what: "document" });
    }
    got_on(tx, held).await?;
    insert(tx, model, vectors).await
}

/// The texts whose vectors the document has had so far: those of its chunks, and those stored ahead for this version or an older one, which
/// from here on are nobody's until a chunk needs them.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn release_hashes(tx: &mut TenantTx, document: DocumentId, version: i32) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows: Vec<Hash> = sql_query(
        "WITH ahead AS (
             DELETE FROM embeddings_ahead WHERE tenant_id = $1 AND document_id = $2 AND version <= $3 RETURNING hashes
         )
         SELECT embed_hash AS hash FROM chunks WHERE tenant_id = $1 AND document_id = $2
         UNION SELECT unnest(hashes) FROM ahead",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(document)
    .bind::<Integer, _>(version)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(Hash::all(rows))
}

/// Forgets what was stored ahead for this version or an older one, which will not be ready any more.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn forget_ahead(tx: &mut TenantTx, document: DocumentId, version: i32) -> Result<(), StoreError> {
    let had = release_hashes(tx, document, version).await?;
    delete_unused(tx, &had).await.map(|_| ())
}

/// The texts whose vectors were stored ahead for the documents.
///
/// # Errors
/// [`StoreError::Query`].
pub(crate) async fn ahead_of(tx: &mut TenantTx, documents: &[DocumentId]) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows: Vec<Hash> = sql_query(
        "SELECT DISTINCT unnest(hashes) AS hash FROM embeddings_ahead WHERE tenant_id = $1 AND document_id = ANY($2)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(documents)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(Hash::all(rows))
}

/// Forgets, for all tenants, what was stored ahead longer than so many days ago: its ingest died, was cancelled or overtaken. Up to `limit` batches;
/// returns how many there were.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep_ahead(system: &System, days: i32, limit: i32) -> Result<usize, StoreError> {
    #[derive(QueryableByName)]
    struct Swept {
        #[diesel(sql_type = Integer)]
        batches: i32,
    }
    let mut tx = system.begin(Durability::Relaxed).await?;
    let swept: Swept = sql_query("SELECT forget_embeddings_ahead($1 * interval '1 day', $2) AS batches")
        .bind::<Integer, _>(days)
        .bind::<Integer, _>(limit)
        .get_result(&mut tx.conn)
        .await?;
    tx.commit().await?;
    Ok(usize::try_from(swept.batches).unwrap_or(0))
}
