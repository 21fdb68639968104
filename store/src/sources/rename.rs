use crate::prepared::Prepare;
use crate::{DocumentId, SourceId, StoreError, TenantTx, documents};
use diesel::sql_types::{Bool, Text, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Renamed {
    #[diesel(sql_type = Bool)]
    is_ready: bool,
}

/// Gives the document of item `url` the name that its page has now, unless another item is good for it too, or a document of the base goes by that name: what
/// is submitted under the name is its next version, and what is served stays until that is ready. `true`: it has another name, and replicas are to be told.
///
/// # Errors
/// [`StoreError::Query`], also when a document of that name is made at this moment.
pub async fn rename_document(
    tx: &mut TenantTx,
    source: SourceId,
    url: &str,
    document: DocumentId,
    name: &str,
) -> Result<bool, StoreError> {
    // Ingests of it, and deletions, are waited for.
    match documents::lock_for_ingest(tx, document).await {
        Ok(_) => {}
        // Somebody deleted it by hand.
        Err(StoreError::NotFound { .. }) => return Ok(false),
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
    Ok(renamed.is_some_and(|renamed| renamed.is_ready))
}
