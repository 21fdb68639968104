use super::{Changes, Source};
use crate::prepared::Prepare;
use crate::{DocumentId, KnowledgeBaseId, SourceId, StoreError, TenantTx};
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: DocumentId,
    #[diesel(sql_type = Bool)]
    is_ready: bool,
}

/// Gives the source's documents the metadata or the access list that were changed, as [`documents::revise`](crate::documents::revise) does with one. Returns those that replicas
/// are to be told of.
///
/// # Errors
/// [`StoreError::Query`].
pub(super) async fn revise(
    tx: &mut TenantTx,
    source: &Source,
    changes: &Changes,
) -> Result<Vec<DocumentId>, StoreError> {
    // Ingests of them, and deletions, are waited for.
    let rows: Vec<Row> = sql_query(
        "SELECT d.id, d.ready_version IS NOT NULL AS is_ready FROM documents d
         WHERE d.tenant_id = $1 AND d.deleting_at IS NULL
           AND (d.metadata <> coalesce($3, d.metadata) OR d.acl <> coalesce($4, d.acl)
                OR EXISTS (SELECT FROM document_versions v WHERE v.tenant_id = $1 AND v.document_id = d.id
                           AND (v.metadata <> coalesce($3, v.metadata) OR v.acl <> coalesce($4, v.acl))))
           AND d.id = ANY(ARRAY(SELECT i.document_id FROM source_items i WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.document_id IS NOT NULL))
         ORDER BY d.id FOR UPDATE",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source.id)
    .bind::<Nullable<Jsonb>, _>(changes.metadata.as_ref())
    .bind::<Nullable<Jsonb>, _>(changes.acl.as_ref())
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let ids: Vec<DocumentId> = rows.iter().map(|row| row.id).collect();
    for statement in [
        "UPDATE documents SET metadata = coalesce($3, metadata), acl = coalesce($4, acl), fingerprint = NULL, updated_at = now() WHERE tenant_id = $1 AND id = ANY($2)",
        "UPDATE document_versions SET metadata = coalesce($3, metadata), acl = coalesce($4, acl) WHERE tenant_id = $1 AND document_id = ANY($2)",
    ] {
        sql_query(statement)
            .bind::<Uuid, _>(tx.tenant)
            .bind::<Array<Uuid>, _>(&ids)
            .bind::<Nullable<Jsonb>, _>(changes.metadata.as_ref())
            .bind::<Nullable<Jsonb>, _>(changes.acl.as_ref())
            .prepared()
            .execute(&mut tx.conn)
            .await?;
    }
    Ok(rows.iter().filter(|row| row.is_ready).map(|row| row.id).collect())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether the document that goes by `canonical_url` is another source's: one that has it keeps it, or whichever was synced last would say who may see it.
/// Two sources that ask for the same name at once are answered one after the other, the second when the first has committed.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn is_anothers(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    source: SourceId,
    canonical_url: &str,
) -> Result<bool, StoreError> {
    sql_query("SELECT pg_advisory_xact_lock(hashtextextended('page ' || $1::text || ' ' || $2, 0))")
        .bind::<Uuid, _>(base)
        .bind::<Text, _>(canonical_url)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let found: Count = sql_query(
        "SELECT count(*) AS count FROM documents d
         WHERE d.tenant_id = $1 AND d.knowledge_base_id = $2 AND d.external_id = $4 AND d.deleting_at IS NULL
           AND EXISTS (SELECT FROM source_items o JOIN sources s ON s.tenant_id = o.tenant_id AND s.id = o.source_id AND s.deleting_at IS NULL
                       WHERE o.tenant_id = $1 AND o.document_id = d.id AND o.source_id <> $3)
           AND NOT EXISTS (SELECT FROM source_items i WHERE i.tenant_id = $1 AND i.document_id = d.id AND i.source_id = $3)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Uuid, _>(source)
    .bind::<Text, _>(canonical_url)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(found.count > 0)
}
