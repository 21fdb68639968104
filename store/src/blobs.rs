//! Uploaded bytes, in rows of 1 MiB, written in the transaction of the upload's 202: API and workers share no disk.
use crate::schema::{blob_parts, blobs};
use crate::{BlobId, StoreError, TenantTx};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};

const PART_BYTES: usize = 1 << 20;

/// # Errors
/// [`StoreError::Query`].
pub async fn create(tx: &mut TenantTx, bytes: &[u8]) -> Result<BlobId, StoreError> {
    let id = BlobId::generate();
    diesel::insert_into(blobs::table)
        .values((
            blobs::tenant_id.eq(tx.tenant),
            blobs::id.eq(id),
            blobs::size_bytes.eq(i64::try_from(bytes.len()).unwrap_or(i64::MAX)),
            blobs::sha256.eq(Sha256::digest(bytes).as_slice()),
        ))
        .execute(&mut tx.conn)
        .await?;
    for (part, bytes) in (0_i32..).zip(bytes.chunks(PART_BYTES)) {
        diesel::insert_into(blob_parts::table)
            .values((
                blob_parts::tenant_id.eq(tx.tenant),
                blob_parts::blob_id.eq(id),
                blob_parts::part.eq(part),
                blob_parts::bytes.eq(bytes),
            ))
            .execute(&mut tx.conn)
            .await?;
    }
    Ok(id)
}

/// The bytes, checked against their SHA-256.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Corrupt`] when the bytes are not those that were uploaded.
pub async fn read(tx: &mut TenantTx, id: BlobId) -> Result<Vec<u8>, StoreError> {
    let sha256: Vec<u8> = blobs::table
        .filter(blobs::tenant_id.eq(tx.tenant))
        .filter(blobs::id.eq(id))
        .select(blobs::sha256)
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "blob"))?;
    let parts: Vec<Vec<u8>> = blob_parts::table
        .filter(blob_parts::tenant_id.eq(tx.tenant))
        .filter(blob_parts::blob_id.eq(id))
        .order(blob_parts::part)
        .select(blob_parts::bytes)
        .load(&mut tx.conn)
        .await?;
    let bytes = parts.concat();
    if Sha256::digest(&bytes).as_slice() == sha256 {
        Ok(bytes)
    } else {
        Err(StoreError::Corrupt(format!("blob {id}")))
    }
}

/// How many bytes there are.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn size(tx: &mut TenantTx, id: BlobId) -> Result<i64, StoreError> {
    blobs::table
        .filter(blobs::tenant_id.eq(tx.tenant))
        .filter(blobs::id.eq(id))
        .select(blobs::size_bytes)
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "blob"))
}

/// One of the rows, from 0; `None` behind the last, and when the blob is gone. For who hands them on as they come, unchecked.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn part(tx: &mut TenantTx, id: BlobId, part: i32) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(blob_parts::table
        .filter(blob_parts::tenant_id.eq(tx.tenant))
        .filter(blob_parts::blob_id.eq(id))
        .filter(blob_parts::part.eq(part))
        .select(blob_parts::bytes)
        .get_result(&mut tx.conn)
        .await
        .optional()?)
}
