use super::{Collection, find};
use crate::prepared::Prepare;
use crate::{CollectionId, KnowledgeBaseId, StoreError, TenantTx};
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;

/// Collections that a base can have.
pub const MAX_PER_BASE: i64 = 1000;

const NAME_TAKEN: &str = "a collection of this name exists in the knowledge base";

/// A collection to be made.
#[derive(Clone, Debug)]
pub struct NewCollection {
    pub knowledge_base_id: KnowledgeBaseId,
    pub name: String,
    pub description: String,
}

/// # Errors
/// [`StoreError::Conflict`] when the name is taken, or the base has [`MAX_PER_BASE`].
pub async fn create(tx: &mut TenantTx, new: &NewCollection) -> Result<Collection, StoreError> {
    // One at a time, or two requests would each find room for one more.
    sql_query("SELECT pg_advisory_xact_lock(hashtextextended('collections of ' || $1::text, 0))")
        .bind::<Uuid, _>(new.knowledge_base_id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let id = CollectionId::generate();
    let made = sql_query(
        "INSERT INTO collections (tenant_id, id, knowledge_base_id, name, description)
         SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM collections WHERE tenant_id = $1 AND knowledge_base_id = $3) < $6",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Uuid, _>(new.knowledge_base_id)
    .bind::<Text, _>(&new.name)
    .bind::<Text, _>(&new.description)
    .bind::<BigInt, _>(MAX_PER_BASE)
    .prepared()
    .execute(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_conflict(error, NAME_TAKEN))?;
    if made == 0 {
        return Err(StoreError::Conflict {
            what: "the knowledge base has 1000 collections, and no more are allowed",
        });
    }
    find(tx, id).await
}

/// What is to be different; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub name: Option<String>,
    pub description: Option<String>,
}

/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the name is taken.
pub async fn change(tx: &mut TenantTx, id: CollectionId, changes: &Changes) -> Result<Collection, StoreError> {
    sql_query(
        "UPDATE collections SET name = coalesce($3, name), description = coalesce($4, description), updated_at = now()
         WHERE tenant_id = $1 AND id = $2 AND deleting_at IS NULL",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Nullable<Text>, _>(changes.name.as_deref())
    .bind::<Nullable<Text>, _>(changes.description.as_deref())
    .prepared()
    .execute(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_conflict(error, NAME_TAKEN))?;
    find(tx, id).await
}
