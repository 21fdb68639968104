use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::schedules::disable_for_deletion;
use crate::{DocumentId, JobId, KnowledgeBaseId, SourceId, StoreError, TenantTx, effects};
use diesel::sql_types::{BigInt, Bool, Integer, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Items with a document that the sync did not find worth one: the source says that they are gone, or are not to be one any more; and, where `$4`
/// says that a sync which did not see an item would have, those that it did not see. A document that another item is good for, or may be, is not among them; nor
/// one that leads elsewhere for good while nothing was learnt of where that is (it could not be read, was left out, leads back, or is more than twenty redirects
/// away, at which browsers give up too: fetch.spec.whatwg.org, HTTP-redirect fetch), or while what is to be found in its place is not searchable.
const UNWANTED: &str = "i.document_id IS NOT NULL AND (i.sync_id = $3 AND i.status IN ('gone', 'skipped') OR $4 AND i.sync_id <> $3)
    AND (i.sync_id <> $3 OR i.status <> 'skipped' OR i.reason IS DISTINCT FROM 'redirect' OR EXISTS (
        WITH RECURSIVE led AS (
            SELECT i.canonical_url AS url, 1 AS redirects
            UNION
            SELECT r.canonical_url, led.redirects + 1 FROM led JOIN source_items r ON r.tenant_id = $1 AND r.source_id = $2 AND r.url = led.url
            WHERE r.sync_id = $3 AND r.status = 'skipped' AND r.reason = 'redirect' AND led.redirects < 20
        )
        SELECT FROM led JOIN source_items t ON t.tenant_id = $1 AND t.source_id = $2 AND t.url = led.url
        WHERE t.sync_id = $3 AND (t.status = 'gone' OR t.status = 'skipped' AND t.reason NOT IN ('redirect', 'duplicate', 'other_source')
            OR (t.status IN ('ingested', 'changed', 'unchanged') OR t.reason IN ('duplicate', 'other_source')) AND EXISTS (
                SELECT FROM documents d JOIN sources s ON s.tenant_id = $1 AND s.id = $2
                WHERE d.tenant_id = $1 AND d.knowledge_base_id = s.knowledge_base_id AND (d.external_id = t.canonical_url OR d.id = t.document_id)
                  AND d.deleting_at IS NULL AND d.ready_version IS NOT NULL))))
    AND NOT EXISTS (SELECT FROM source_items o WHERE o.tenant_id = i.tenant_id AND o.document_id = i.document_id
                    AND (o.source_id <> $2 OR NOT $4 AND o.sync_id <> $3 OR o.sync_id = $3 AND o.status IN ('waiting', 'ingested', 'changed', 'unchanged', 'failed')))";

/// How many documents a sync would delete, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Unwanted {
    #[diesel(sql_type = BigInt)]
    pub unwanted: i64,
    #[diesel(sql_type = BigInt)]
    pub documents: i64,
}

/// # Errors
/// [`StoreError::Query`].
pub async fn count_unwanted(tx: &mut TenantTx, sync: (SourceId, JobId), unseen: bool) -> Result<Unwanted, StoreError> {
    Ok(sql_query(format!(
        "SELECT count(DISTINCT i.document_id) FILTER (WHERE {UNWANTED}) AS unwanted, count(DISTINCT i.document_id) AS documents
         FROM source_items i WHERE i.tenant_id = $1 AND i.source_id = $2"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(sync.0)
    .bind::<Uuid, _>(sync.1)
    .bind::<Bool, _>(unseen)
    .prepared()
    .get_result(&mut tx.conn)
    .await?)
}

/// Items with a document that no other source has.
const ITS_OWN: &str = "i.tenant_id = $1 AND i.source_id = $2 AND i.document_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM source_items o WHERE o.tenant_id = $1 AND o.document_id = i.document_id AND o.source_id <> $2)";

#[derive(QueryableByName)]
struct Base {
    #[diesel(sql_type = Uuid)]
    knowledge_base_id: KnowledgeBaseId,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    document_id: DocumentId,
}

/// Takes up to `limit` unwanted documents from their items, for the caller to delete and to [count](count_deleted).
///
/// # Errors
/// [`StoreError::LeaseLost`], [`StoreError::Query`].
pub async fn release_unwanted(
    tx: &mut TenantTx,
    held: Held,
    source: SourceId,
    unseen: bool,
    limit: i64,
) -> Result<Vec<DocumentId>, StoreError> {
    effects::hold(tx, held).await?;
    let rows: Vec<Row> = sql_query(format!(
        "WITH unwanted AS (
             SELECT DISTINCT i.document_id FROM source_items i WHERE i.tenant_id = $1 AND i.source_id = $2 AND {UNWANTED} LIMIT $5
         ), released AS (
             UPDATE source_items i SET document_id = NULL, content_hash = NULL, etag = NULL, last_modified = NULL
             FROM unwanted u WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.document_id = u.document_id
         )
         SELECT document_id FROM unwanted"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Uuid, _>(held.id)
    .bind::<Bool, _>(unseen)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.document_id).collect())
}

/// Counts documents whose deletion the sync has begun.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn count_deleted(tx: &mut TenantTx, sync: (SourceId, JobId), begun: i32) -> Result<(), StoreError> {
    sql_query("UPDATE source_syncs SET deleted = deleted + $4 WHERE tenant_id = $1 AND source_id = $2 AND id = $3")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(sync.0)
        .bind::<Uuid, _>(sync.1)
        .bind::<Integer, _>(begun)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}

/// Forgets what the sync did not see and what has no document.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn forget_unseen(tx: &mut TenantTx, sync: (SourceId, JobId)) -> Result<(), StoreError> {
    sql_query(
        "DELETE FROM source_items WHERE tenant_id = $1 AND source_id = $2 AND sync_id <> $3 AND document_id IS NULL",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(sync.0)
    .bind::<Uuid, _>(sync.1)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Notes that the source is to go; its name is free at once, and no sync writes for it any more. With `documents`, those that no other source has are
/// being deleted from the same moment on; its schedules are disabled. Returns the base that it is in.
///
/// # Errors
/// [`StoreError::NotFound`], also when its deletion has begun already.
pub async fn begin_deletion(tx: &mut TenantTx, id: SourceId, documents: bool) -> Result<KnowledgeBaseId, StoreError> {
    disable_for_deletion(tx, Some(id), None).await?;
    let marked: Option<Base> = sql_query(
        "UPDATE sources SET deleting_at = now() WHERE tenant_id = $1 AND id = $2 AND deleting_at IS NULL RETURNING knowledge_base_id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    let Some(Base { knowledge_base_id }) = marked else {
        return Err(StoreError::NotFound { what: "source" });
    };
    if documents {
        sql_query(format!(
            "UPDATE documents SET deleting_at = now()
             WHERE tenant_id = $1 AND deleting_at IS NULL AND id IN (SELECT i.document_id FROM source_items i WHERE {ITS_OWN})"
        ))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    }
    Ok(knowledge_base_id)
}

/// The base of a source, also of one that is being deleted; `None` when it is gone.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn base_of(tx: &mut TenantTx, id: SourceId) -> Result<Option<KnowledgeBaseId>, StoreError> {
    let base: Option<Base> = sql_query("SELECT knowledge_base_id FROM sources WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .optional()?;
    Ok(base.map(|base| base.knowledge_base_id))
}

/// Takes up to `limit` documents from the items of a source that is being deleted, but for those that another source has too.
///
/// # Errors
/// [`StoreError::LeaseLost`], [`StoreError::Query`].
pub async fn documents_of(
    tx: &mut TenantTx,
    held: Held,
    source: SourceId,
    limit: i64,
) -> Result<Vec<DocumentId>, StoreError> {
    effects::hold(tx, held).await?;
    let rows: Vec<Row> = sql_query(format!(
        "WITH mine AS (
             SELECT DISTINCT i.document_id FROM source_items i WHERE {ITS_OWN} LIMIT $3
         ), released AS (
             UPDATE source_items i SET document_id = NULL FROM mine m
             WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.document_id = m.document_id
         )
         SELECT document_id FROM mine"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.document_id).collect())
}

/// Takes up to `limit` documents that stay from the items of a source that is being deleted. Returns them for replicas to be told, which keep with a document which
/// source it is from: also those that are not ready, or one that becomes so at this moment would be told of as it was.
///
/// # Errors
/// [`StoreError::LeaseLost`], [`StoreError::Query`].
pub async fn leave(tx: &mut TenantTx, held: Held, source: SourceId, limit: i64) -> Result<Vec<DocumentId>, StoreError> {
    effects::hold(tx, held).await?;
    let rows: Vec<Row> = sql_query(
        "WITH left_behind AS (
             SELECT DISTINCT document_id FROM source_items
             WHERE tenant_id = $1 AND source_id = $2 AND document_id IS NOT NULL LIMIT $3
         ), released AS (
             UPDATE source_items i SET document_id = NULL FROM left_behind l
             WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.document_id = l.document_id
         )
         SELECT document_id FROM left_behind ORDER BY document_id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.document_id).collect())
}

/// Deletes the source with its items and the log of its syncs.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn delete(tx: &mut TenantTx, id: SourceId) -> Result<(), StoreError> {
    sql_query("DELETE FROM sources WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}
