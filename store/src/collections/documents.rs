use crate::prepared::Prepare;
use crate::sources::Source;
use crate::{CollectionId, DocumentId, KnowledgeBaseId, StoreError, TenantTx, index_changes};
use diesel::sql_types::{Array, Bool, Nullable, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: DocumentId,
    #[diesel(sql_type = Bool)]
    is_ready: bool,
}

/// Puts a locked document of the base into a collection that is held, or out of the one that it is in, and tells the replicas. `updated_at` stays: its content
/// has not changed.
///
/// # Errors
/// [`StoreError::NotFound`] when its base is gone.
pub async fn put(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    document: DocumentId,
    collection: Option<CollectionId>,
) -> Result<(), StoreError> {
    let moved: Option<Row> = sql_query(
        "UPDATE documents SET collection_id = $3 WHERE tenant_id = $1 AND id = $2 AND collection_id IS DISTINCT FROM $3
         RETURNING id, ready_version IS NOT NULL AS is_ready",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(document)
    .bind::<Nullable<Uuid>, _>(collection)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    if moved.is_some_and(|moved| moved.is_ready) {
        index_changes::record(tx, base, &[document]).await?;
    }
    Ok(())
}

/// Puts all documents of a source where it puts new ones. Returns those that replicas are to be told of.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn put_source(tx: &mut TenantTx, source: &Source) -> Result<Vec<DocumentId>, StoreError> {
    // Ingests of them, and deletions, are waited for.
    let rows: Vec<Row> = sql_query(
        "SELECT d.id, d.ready_version IS NOT NULL AS is_ready FROM documents d
         WHERE d.tenant_id = $1 AND d.deleting_at IS NULL AND d.collection_id IS DISTINCT FROM $3
           AND d.id = ANY(ARRAY(SELECT i.document_id FROM source_items i WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.document_id IS NOT NULL))
         ORDER BY d.id FOR UPDATE",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source.id)
    .bind::<Nullable<Uuid>, _>(source.collection_id)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let ids: Vec<DocumentId> = rows.iter().map(|row| row.id).collect();
    sql_query("UPDATE documents SET collection_id = $3 WHERE tenant_id = $1 AND id = ANY($2)")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Array<Uuid>, _>(&ids)
        .bind::<Nullable<Uuid>, _>(source.collection_id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(rows.iter().filter(|row| row.is_ready).map(|row| row.id).collect())
}
