use super::Source;
use super::source::{COLUMNS, IS_THERE};
use crate::prepared::Prepare;
use crate::{CollectionId, DocumentId, KnowledgeBaseId, SourceId, StoreError, TenantTx, collections, index_changes};
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::collections::BTreeSet;

/// Sources that a tenant can have.
pub const MAX_PER_TENANT: i64 = 1000;

const NAME_TAKEN: &str = "a source of this name exists in the knowledge base";

/// A source to be made.
#[derive(Clone, Debug)]
pub struct NewSource {
    pub knowledge_base_id: KnowledgeBaseId,
    pub kind: &'static str,
    pub name: String,
    pub config: Value,
    pub metadata: Value,
    pub acl: Value,
    /// One of the base that is held.
    pub collection_id: Option<CollectionId>,
}

/// # Errors
/// [`StoreError::Conflict`] when the name is taken, or the tenant has [`MAX_PER_TENANT`].
pub async fn create(tx: &mut TenantTx, new: &NewSource) -> Result<Source, StoreError> {
    // One at a time, or two requests would each find room for one more.
    sql_query("SELECT pg_advisory_xact_lock(hashtextextended('sources of ' || $1::text, 0))")
        .bind::<Uuid, _>(tx.tenant)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let made = sql_query(format!(
        "INSERT INTO sources (tenant_id, id, knowledge_base_id, kind, name, config, metadata, acl, collection_id)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $10 WHERE (SELECT count(*) FROM sources WHERE tenant_id = $1) < $9
         RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(SourceId::generate())
    .bind::<Uuid, _>(new.knowledge_base_id)
    .bind::<Text, _>(new.kind)
    .bind::<Text, _>(&new.name)
    .bind::<Jsonb, _>(&new.config)
    .bind::<Jsonb, _>(&new.metadata)
    .bind::<Jsonb, _>(&new.acl)
    .bind::<BigInt, _>(MAX_PER_TENANT)
    .bind::<Nullable<Uuid>, _>(new.collection_id)
    .prepared()
    .get_result(&mut tx.conn)
    .await;
    match made {
        Err(diesel::result::Error::NotFound) => Err(StoreError::Conflict {
            what: "there are 1000 sources, and no more are allowed",
        }),
        made => made.map_err(|error| StoreError::or_conflict(error, NAME_TAKEN)),
    }
}

/// What is to be different; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub name: Option<String>,
    pub config: Option<Value>,
    pub metadata: Option<Value>,
    pub acl: Option<Value>,
    /// One of its base that is held; `Some(None)`: none.
    pub collection_id: Option<Option<CollectionId>>,
}

/// Changes the source. Its documents have its metadata and its access list, and are in its collection, when this commits, whatever syncs are running. After a change of its config the next
/// sync asks for every page as if it had none.
///
/// # Errors
/// [`StoreError::NotFound`], also when its base is gone; [`StoreError::Conflict`] when the name is taken.
pub async fn change(tx: &mut TenantTx, id: SourceId, changes: &Changes) -> Result<Source, StoreError> {
    let changed: Source = sql_query(format!(
        "UPDATE sources s SET name = coalesce($3, name), config = coalesce($4, config), metadata = coalesce($5, metadata),
                acl = coalesce($6, acl), collection_id = CASE WHEN $7 THEN $8 ELSE collection_id END, updated_at = now()
         WHERE tenant_id = $1 AND id = $2 AND {IS_THERE} RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Nullable<Text>, _>(changes.name.as_deref())
    .bind::<Nullable<Jsonb>, _>(changes.config.as_ref())
    .bind::<Nullable<Jsonb>, _>(changes.metadata.as_ref())
    .bind::<Nullable<Jsonb>, _>(changes.acl.as_ref())
    .bind::<Bool, _>(changes.collection_id.is_some())
    .bind::<Nullable<Uuid>, _>(changes.collection_id.flatten())
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| match error {
        diesel::result::Error::NotFound => StoreError::NotFound { what: "source" },
        error => StoreError::or_conflict(error, NAME_TAKEN),
    })?;
    if changes.config.is_some() {
        forget_validators(tx, id).await?;
    }
    let mut told = BTreeSet::new();
    if changes.metadata.is_some() || changes.acl.is_some() {
        told.extend(super::documents::revise(tx, &changed, changes).await?);
    }
    if changes.collection_id.is_some() {
        told.extend(collections::put_source(tx, &changed).await?);
    }
    if !told.is_empty() {
        let told: Vec<DocumentId> = told.into_iter().collect();
        index_changes::record(tx, changed.knowledge_base_id, &told).await?;
    }
    Ok(changed)
}

async fn forget_validators(tx: &mut TenantTx, id: SourceId) -> Result<(), StoreError> {
    sql_query(
        "UPDATE source_items SET etag = NULL, last_modified = NULL
         WHERE tenant_id = $1 AND source_id = $2 AND (etag IS NOT NULL OR last_modified IS NOT NULL)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}
