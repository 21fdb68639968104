use crate::prepared::Prepare;
use crate::{DocumentId, JobId, SourceId, StoreError, TenantTx, documents};
use diesel::sql_types::{Bool, Text, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// An item's document.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Moved {
    /// The item's.
    #[diesel(sql_type = Text)]
    pub url: String,
    #[diesel(sql_type = Uuid)]
    pub document_id: DocumentId,
}

/// Of the items that this sync found to lead to `url` for good, by way of others too, the first that has a document.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn moved_here(tx: &mut TenantTx, sync: (SourceId, JobId), url: &str) -> Result<Option<Moved>, StoreError> {
    Ok(sql_query(
        "WITH RECURSIVE led AS (
             SELECT $4::text AS url
             UNION
             SELECT r.url FROM led JOIN source_items r ON r.tenant_id = $1 AND r.source_id = $2 AND r.canonical_url = led.url
             WHERE r.sync_id = $3 AND r.status = 'skipped' AND r.reason = 'redirect'
         )
         SELECT i.url, i.document_id FROM led JOIN source_items i ON i.tenant_id = $1 AND i.source_id = $2 AND i.url = led.url
         WHERE i.url <> $4 AND i.document_id IS NOT NULL ORDER BY i.url LIMIT 1",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(sync.0)
    .bind::<Uuid, _>(sync.1)
    .bind::<Text, _>(url)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?)
}

/// Takes the document from item `url`, whose page is another item by now.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn release(tx: &mut TenantTx, source: SourceId, url: &str) -> Result<(), StoreError> {
    sql_query(
        "UPDATE source_items SET document_id = NULL, content_hash = NULL, etag = NULL, last_modified = NULL
         WHERE tenant_id = $1 AND source_id = $2 AND url = $3",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Text, _>(url)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// What came of a new name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renaming {
    /// It goes by the name that it had.
    Kept,
    Renamed {
        /// Replicas have it, and are to be told.
        is_ready: bool,
    },
}

#[derive(QueryableByName)]
struct Renamed {
    #[diesel(sql_type = Bool)]
    is_ready: bool,
}

/// Gives the document of item `url` the name that its page has now, unless another item is good for it too, or a document of the base goes by that name: what
/// is submitted under the name is its next version, and what is served stays until that is ready.
///
/// # Errors
/// [`StoreError::Query`], also when a document of that name is made at this moment.
pub async fn rename_document(
    tx: &mut TenantTx,
    source: SourceId,
    url: &str,
    document: DocumentId,
    name: &str,
) -> Result<Renaming, StoreError> {
    // Ingests of it, and deletions, are waited for.
    match documents::lock_for_ingest(tx, document).await {
        Ok(_) => {}
        // Somebody deleted it by hand.
        Err(StoreError::NotFound { .. }) => return Ok(Renaming::Kept),
        Err(error) => return Err(error),
    }
    let renamed: Option<Renamed> = sql_query(
        "UPDATE documents d SET external_id = $5
         WHERE d.tenant_id = $1 AND d.id = $4 AND d.external_id IS DISTINCT FROM $5
           AND NOT EXISTS (SELECT FROM source_items i
                           WHERE i.tenant_id = $1 AND i.document_id = $4 AND (i.source_id <> $2 OR i.url <> $3))
           AND NOT EXISTS (SELECT FROM documents o
                           WHERE o.tenant_id = $1 AND o.knowledge_base_id = d.knowledge_base_id AND o.external_id = $5 AND o.deleting_at IS NULL)
         RETURNING d.ready_version IS NOT NULL AS is_ready",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Text, _>(url)
    .bind::<Uuid, _>(document)
    .bind::<Text, _>(name)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    Ok(renamed.map_or(Renaming::Kept, |Renamed { is_ready }| Renaming::Renamed { is_ready }))
}
