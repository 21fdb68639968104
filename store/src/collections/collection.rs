use crate::prepared::Prepare;
use crate::{CollectionId, KnowledgeBaseId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Some of a base's documents.
#[derive(Clone, Debug, QueryableByName)]
pub struct Collection {
    #[diesel(sql_type = Uuid)]
    pub id: CollectionId,
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    /// Unique within the base.
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub description: String,
    /// Those in it that are not being deleted.
    #[diesel(sql_type = BigInt)]
    pub document_count: i64,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

const SELECT: &str = "SELECT c.id, c.knowledge_base_id, c.name, c.description, c.created_at, c.updated_at,
        (SELECT count(*) FROM documents d WHERE d.tenant_id = c.tenant_id AND d.collection_id = c.id AND d.deleting_at IS NULL) AS document_count
    FROM collections c
    JOIN knowledge_bases b ON b.tenant_id = c.tenant_id AND b.id = c.knowledge_base_id AND b.deleting_at IS NULL
    WHERE c.tenant_id = $1 AND c.deleting_at IS NULL";

/// # Errors
/// [`StoreError::NotFound`], also for one that is being deleted, alone or with its base.
pub async fn find(tx: &mut TenantTx, id: CollectionId) -> Result<Collection, StoreError> {
    sql_query(format!("{SELECT} AND c.id = $2"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "collection"))
}

/// The same, held until the transaction ends: others that want to change it wait.
///
/// # Errors
/// [`StoreError::NotFound`] as of [`find`].
pub async fn lock(tx: &mut TenantTx, id: CollectionId) -> Result<Collection, StoreError> {
    sql_query(format!("{SELECT} AND c.id = $2 FOR NO KEY UPDATE OF c"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "collection"))
}

/// Those of a base, the newest first; `before` is where the previous page ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    before: Option<CollectionId>,
    limit: i64,
) -> Result<Vec<Collection>, StoreError> {
    Ok(sql_query(format!(
        "{SELECT} AND c.knowledge_base_id = $2 AND ($3 IS NULL OR c.id < $3) ORDER BY c.id DESC LIMIT $4"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Nullable<Uuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Uuid)]
    id: CollectionId,
}

/// Holds a collection of this base that something is put into: until the transaction ends its deletion does not begin. Held before the documents are locked,
/// as its deletion does.
///
/// # Errors
/// [`StoreError::NotFound`], also for one that is being deleted and for another base's.
pub async fn hold(tx: &mut TenantTx, base: KnowledgeBaseId, id: CollectionId) -> Result<(), StoreError> {
    sql_query(
        "SELECT id FROM collections WHERE tenant_id = $1 AND knowledge_base_id = $2 AND id = $3 AND deleting_at IS NULL FOR SHARE",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result::<Id>(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "collection"))?;
    Ok(())
}

/// Those of `ids` that are no collections of one of these bases.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn missing(
    tx: &mut TenantTx,
    bases: &[KnowledgeBaseId],
    ids: &[CollectionId],
) -> Result<Vec<CollectionId>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Id> = sql_query(
        "SELECT asked.id FROM unnest($3::uuid[]) AS asked(id)
         WHERE NOT EXISTS (SELECT FROM collections c
             WHERE c.tenant_id = $1 AND c.id = asked.id AND c.knowledge_base_id = ANY($2) AND c.deleting_at IS NULL)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(bases)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
