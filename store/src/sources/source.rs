use crate::prepared::Prepare;
use crate::{CollectionId, JobId, KnowledgeBaseId, SourceId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// Where documents come from by themselves.
#[derive(Clone, Debug, QueryableByName)]
pub struct Source {
    #[diesel(sql_type = Uuid)]
    pub id: SourceId,
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    /// `web`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Unique within the base.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// As the kind has it.
    #[diesel(sql_type = Jsonb)]
    pub config: Value,
    /// Of every document that comes from here, as its access list is.
    #[diesel(sql_type = Jsonb)]
    pub metadata: Value,
    #[diesel(sql_type = Jsonb)]
    pub acl: Value,
    /// Where its documents are put.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub collection_id: Option<CollectionId>,
    /// The latest sync, which may be running.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub sync_id: Option<JobId>,
    /// When a sync that was no dry run last ended.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_sync_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

/// The columns of [`Source`].
pub(super) const COLUMNS: &str = "id, knowledge_base_id, kind, name, config, metadata, acl, collection_id, sync_id, last_sync_at, created_at, updated_at";

/// Neither the source `s` nor its base is being deleted.
pub(super) const IS_THERE: &str = "s.deleting_at IS NULL AND EXISTS (
    SELECT FROM knowledge_bases b WHERE b.tenant_id = s.tenant_id AND b.id = s.knowledge_base_id AND b.deleting_at IS NULL)";

/// # Errors
/// [`StoreError::NotFound`], also for another tenant's source and for one that is being deleted, alone or with its base.
pub async fn find(tx: &mut TenantTx, id: SourceId) -> Result<Source, StoreError> {
    sql_query(format!(
        "SELECT {COLUMNS} FROM sources s WHERE tenant_id = $1 AND id = $2 AND {IS_THERE}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "source"))
}

/// Those of a base, the newest first; `before` is where the previous page ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    before: Option<SourceId>,
    limit: i64,
) -> Result<Vec<Source>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM sources
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND deleting_at IS NULL AND ($3 IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Nullable<Uuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// The same, held until the transaction ends: others that want to change it wait.
///
/// # Errors
/// [`StoreError::NotFound`] as of [`find`].
pub async fn lock(tx: &mut TenantTx, id: SourceId) -> Result<Source, StoreError> {
    sql_query(format!(
        "SELECT {COLUMNS} FROM sources s WHERE tenant_id = $1 AND id = $2 AND {IS_THERE} FOR NO KEY UPDATE OF s"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "source"))
}
