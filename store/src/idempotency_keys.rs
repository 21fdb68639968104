//! Idempotency keys: which resource a request with this key made, and what the request said.
use crate::prepared::Prepare;
use crate::{StoreError, TenantTx};
use diesel::sql_types::{BigInt, Bytea, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// A request as its idempotency key knows it.
#[derive(Clone, Debug)]
pub struct IdempotentRequest<'a> {
    /// Method and route; keys of different routes are different keys.
    pub route: &'a str,
    pub key: &'a str,
    /// SHA-256 over the fields and the bytes of files.
    pub hash: [u8; 32],
    pub ttl_secs: i64,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// The caller's; it makes `resource` in this transaction.
    New,
    /// The same request made this resource before.
    Replay(uuid::Uuid),
    /// Another request used the key.
    Mismatch,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    resource_id: uuid::Uuid,
    #[diesel(sql_type = Bytea)]
    request_hash: Vec<u8>,
}

/// Takes the key for `resource`, or tells whose it is. Waits for a transaction that is taking it at this moment.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn take(
    tx: &mut TenantTx,
    request: &IdempotentRequest<'_>,
    resource: uuid::Uuid,
) -> Result<KeyState, StoreError> {
    let row: Row = sql_query(
        "INSERT INTO idempotency_keys AS k (tenant_id, route, key, request_hash, resource_id, expires_at)
         VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 second')
         ON CONFLICT (tenant_id, route, key) DO UPDATE SET
             resource_id = CASE WHEN k.expires_at < now() THEN excluded.resource_id ELSE k.resource_id END,
             request_hash = CASE WHEN k.expires_at < now() THEN excluded.request_hash ELSE k.request_hash END,
             expires_at = CASE WHEN k.expires_at < now() THEN excluded.expires_at ELSE k.expires_at END
         RETURNING resource_id, request_hash",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(request.route)
    .bind::<Text, _>(request.key)
    .bind::<Bytea, _>(request.hash.as_slice())
    .bind::<Uuid, _>(resource)
    .bind::<BigInt, _>(request.ttl_secs)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(if row.resource_id == resource {
        KeyState::New
    } else if row.request_hash == request.hash {
        KeyState::Replay(row.resource_id)
    } else {
        KeyState::Mismatch
    })
}

/// Makes a key that `take` has just given the caller stand for another resource: the one that was there already.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn repoint(
    tx: &mut TenantTx,
    request: &IdempotentRequest<'_>,
    resource: uuid::Uuid,
) -> Result<(), StoreError> {
    sql_query("UPDATE idempotency_keys SET resource_id = $4 WHERE tenant_id = $1 AND route = $2 AND key = $3")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Text, _>(request.route)
        .bind::<Text, _>(request.key)
        .bind::<Uuid, _>(resource)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}
