use super::source::{COLUMNS, IS_THERE};
use super::{ItemStatus, Source};
use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::{DocumentId, SourceId, StoreError, TenantTx, effects};
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Jsonb, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// What a sync made of an item; what is `None` stays as it was.
#[derive(Clone, Debug)]
pub struct Recorded<'a> {
    pub url: &'a str,
    pub status: ItemStatus,
    pub reason: Option<&'a str>,
    /// Whether it was asked for, and not only looked at.
    pub fetched: bool,
    pub canonical_url: Option<&'a str>,
    pub document_id: Option<DocumentId>,
    /// What its answer said of its version, and what came with it.
    pub version: Option<Version<'a>>,
}

/// One version of an item. What it may be asked for with next time is replaced, also by nothing; what is `None` of the rest stays as it was.
#[derive(Clone, Debug, Default)]
pub struct Version<'a> {
    pub etag: Option<&'a str>,
    pub last_modified: Option<&'a str>,
    /// Of what its document was submitted with.
    pub content_hash: Option<&'a [u8]>,
    /// A list of URLs.
    pub links: Option<&'a Value>,
}

/// The source as it is, and stays until the transaction ends, under the lease of the sync's job: what is submitted has the access list that whoever changes the
/// source next will find at its document.
///
/// # Errors
/// [`StoreError::LeaseLost`]; [`StoreError::NotFound`] when the source is gone or being deleted, alone or with its base.
pub async fn hold(tx: &mut TenantTx, held: Held, source: SourceId) -> Result<Source, StoreError> {
    effects::hold(tx, held).await?;
    sql_query(format!(
        "SELECT {COLUMNS} FROM sources s WHERE tenant_id = $1 AND id = $2 AND {IS_THERE} FOR SHARE OF s"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "source"))
}

/// Writes down what became of an item of a source that the sync [`hold`]s, and counts it. An item that was recorded before stays as it is.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn record(tx: &mut TenantTx, held: Held, source: SourceId, item: &Recorded<'_>) -> Result<(), StoreError> {
    let version = item.version.as_ref();
    sql_query(
        "WITH item AS (
             UPDATE source_items i SET status = $5, reason = $6, checked_at = now(),
                    away_since = CASE WHEN $6 = 'temporary_redirect' THEN coalesce(away_since, now()) END,
                    canonical_url = coalesce($7, canonical_url), document_id = coalesce($8, document_id),
                    etag = CASE WHEN $9 THEN $10 ELSE etag END, last_modified = CASE WHEN $9 THEN $11 ELSE last_modified END,
                    content_hash = coalesce($12, content_hash), links = coalesce($13, links)
             WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.url = $4 AND i.sync_id = $3 AND i.status = 'waiting'
             RETURNING i.status
         )
         UPDATE source_syncs s SET fetched = fetched + $14,
                unchanged = unchanged + (item.status = 'unchanged')::int,
                ingested = ingested + (item.status IN ('ingested', 'changed'))::int,
                skipped = skipped + (item.status IN ('skipped', 'gone'))::int,
                failed = failed + (item.status = 'failed')::int
         FROM item WHERE s.tenant_id = $1 AND s.source_id = $2 AND s.id = $3",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Uuid, _>(held.id)
    .bind::<Text, _>(item.url)
    .bind::<Text, _>(item.status.as_str())
    .bind::<Nullable<Text>, _>(item.reason)
    .bind::<Nullable<Text>, _>(item.canonical_url)
    .bind::<Nullable<Uuid>, _>(item.document_id)
    .bind::<Bool, _>(version.is_some())
    .bind::<Nullable<Text>, _>(version.and_then(|version| version.etag))
    .bind::<Nullable<Text>, _>(version.and_then(|version| version.last_modified))
    .bind::<Nullable<Binary>, _>(version.and_then(|version| version.content_hash))
    .bind::<Nullable<Jsonb>, _>(version.and_then(|version| version.links))
    .bind::<Integer, _>(i32::from(item.fetched))
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether another item of this sync is the one that is called `canonical_url`.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn is_claimed(
    tx: &mut TenantTx,
    held: Held,
    source: SourceId,
    url: &str,
    canonical_url: &str,
) -> Result<bool, StoreError> {
    let found: Count = sql_query(
        "SELECT count(*) AS count FROM source_items
         WHERE tenant_id = $1 AND source_id = $2 AND canonical_url = $3 AND sync_id = $4 AND url <> $5
           AND status IN ('ingested', 'changed', 'unchanged')",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Text, _>(canonical_url)
    .bind::<Uuid, _>(held.id)
    .bind::<Text, _>(url)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(found.count > 0)
}

/// Whether any item of any source is good for the document.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn has_document(tx: &mut TenantTx, document: DocumentId) -> Result<bool, StoreError> {
    let found: Count =
        sql_query("SELECT count(*) AS count FROM source_items WHERE tenant_id = $1 AND document_id = $2")
            .bind::<Uuid, _>(tx.tenant)
            .bind::<Uuid, _>(document)
            .prepared()
            .get_result(&mut tx.conn)
            .await?;
    Ok(found.count > 0)
}
