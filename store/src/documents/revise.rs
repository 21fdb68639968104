use super::{Document, find};
use crate::prepared::Prepare;
use crate::{DocumentId, SourceId, StoreError, TenantTx, index_changes};
use diesel::sql_types::{Bool, Jsonb, Nullable, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

#[derive(QueryableByName)]
struct Source {
    #[diesel(sql_type = Uuid)]
    source_id: SourceId,
}

/// A document that is about to be changed: ingests of it, and others that want to change it, wait for the transaction's end.
///
/// # Errors
/// [`StoreError::NotFound`], also for one that is being deleted.
pub async fn lock(tx: &mut TenantTx, id: DocumentId) -> Result<Document, StoreError> {
    super::lock_for_ingest(tx, id).await?;
    find(tx, id).await
}

/// The source that a document comes from, if one does; of several, any.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn source_of(tx: &mut TenantTx, id: DocumentId) -> Result<Option<SourceId>, StoreError> {
    let found: Option<Source> =
        sql_query("SELECT source_id FROM source_items WHERE tenant_id = $1 AND document_id = $2 LIMIT 1")
            .bind::<Uuid, _>(tx.tenant)
            .bind::<Uuid, _>(id)
            .prepared()
            .get_result(&mut tx.conn)
            .await
            .optional()?;
    Ok(found.map(|row| row.source_id))
}

/// Gives a document that is [`lock`]ed other metadata or another access list, of what is served and of what is still to be ingested, and tells the replicas. What is not
/// named stays as each version has it: what is served may have been submitted for fewer people than what is not yet.
/// Its fingerprint goes: submitted again as it was, it is another than what is served.
///
/// # Errors
/// [`StoreError::NotFound`] when its base is gone.
pub async fn revise(
    tx: &mut TenantTx,
    document: &Document,
    metadata: Option<&Value>,
    acl: Option<&Value>,
) -> Result<Document, StoreError> {
    let of_versions = "UPDATE document_versions SET metadata = coalesce($3, metadata), acl = coalesce($4, acl)
         WHERE tenant_id = $1 AND document_id = $2 AND (metadata <> coalesce($3, metadata) OR acl <> coalesce($4, acl))";
    let of_document = "UPDATE documents SET metadata = coalesce($3, metadata), acl = coalesce($4, acl), fingerprint = NULL, updated_at = now()
         WHERE tenant_id = $1 AND id = $2 AND ($5 OR metadata <> coalesce($3, metadata) OR acl <> coalesce($4, acl))";
    let versions = sql_query(of_versions)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(document.id)
        .bind::<Nullable<Jsonb>, _>(metadata)
        .bind::<Nullable<Jsonb>, _>(acl)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let revised = sql_query(of_document)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(document.id)
        .bind::<Nullable<Jsonb>, _>(metadata)
        .bind::<Nullable<Jsonb>, _>(acl)
        .bind::<Bool, _>(versions > 0)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    if revised == 0 {
        return Ok(document.clone());
    }
    let revised = find(tx, document.id).await?;
    if document.ready_version.is_some() {
        index_changes::record(tx, document.knowledge_base_id, &[document.id]).await?;
    }
    Ok(revised)
}

/// Switches a document that is [`lock`]ed on or off, and tells the replicas: one that is off keeps all that it has, and is found by nothing. `updated_at` stays:
/// its content has not changed.
///
/// # Errors
/// [`StoreError::NotFound`] when its base is gone.
pub async fn switch(tx: &mut TenantTx, document: &Document, enabled: bool) -> Result<(), StoreError> {
    let switched =
        sql_query("UPDATE documents SET enabled = $3 WHERE tenant_id = $1 AND id = $2 AND enabled IS DISTINCT FROM $3")
            .bind::<Uuid, _>(tx.tenant)
            .bind::<Uuid, _>(document.id)
            .bind::<Bool, _>(enabled)
            .prepared()
            .execute(&mut tx.conn)
            .await?;
    if switched > 0 && document.ready_version.is_some() {
        index_changes::record(tx, document.knowledge_base_id, &[document.id]).await?;
    }
    Ok(())
}
