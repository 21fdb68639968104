//! Where the replicas of bases stand that are on any machine's disk.
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{KnowledgeBaseId, StoreError, System, TenantId, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use uuid::Uuid as SlotId;

/// Silent for longer, a replica is not counted on: lists and receipts call it silent, and a switch to another index does not wait for it.
pub const SILENT_AFTER_SECS: i64 = 120;

/// Which replica: of an index of a base, in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaOf {
    pub base: KnowledgeBaseId,
    /// Of the base's index.
    pub generation: i32,
    pub slot: SlotId,
}

/// One replica, as its process last wrote it down.
#[derive(Clone, Debug, QueryableByName)]
pub struct ReplicaCursor {
    /// The slot's own id: it outlives the process that holds the slot.
    #[diesel(sql_type = Uuid)]
    pub slot_id: SlotId,
    /// Of the base's index.
    #[diesel(sql_type = Integer)]
    pub generation: i32,
    #[diesel(sql_type = Text)]
    pub host: String,
    /// The change that its searches see.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// The change up to which nothing that was deleted is left on its disk.
    #[diesel(sql_type = BigInt)]
    pub erased_seq: i64,
    /// While a long catch-up is under way: the documents that it has applied.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub documents_done: Option<i64>,
    /// Of so many that had changed.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub documents_all: Option<i64>,
    #[diesel(sql_type = Timestamptz)]
    pub seen_at: DateTime<Utc>,
    /// How long ago that was, by the database's clock.
    #[diesel(sql_type = BigInt)]
    pub silent_secs: i64,
}

const COLUMNS: &str = "slot_id, generation, host, seq, erased_seq, documents_done, documents_all, seen_at,
    extract(epoch FROM now() - seen_at)::bigint AS silent_secs";

#[derive(QueryableByName)]
struct Noted {
    #[diesel(sql_type = Bool)]
    new: bool,
}

/// Notes that the slot is about to hold a replica of the base; commit before anything of the base is read for it. `false` when it was not known:
/// then what the slot holds of the base already must not be used, for it may have been given up as lost and missed what was deleted since.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn register(tx: &mut TenantTx, of: ReplicaOf, host: &str) -> Result<bool, StoreError> {
    let Noted { new } = sql_query(
        "INSERT INTO replica_cursors AS r (tenant_id, knowledge_base_id, slot_id, generation, host) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, knowledge_base_id, slot_id, generation) DO UPDATE SET seen_at = now(), host = excluded.host
         RETURNING xmax = 0 AS new",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(of.base)
    .bind::<Uuid, _>(of.slot)
    .bind::<Integer, _>(of.generation)
    .bind::<Text, _>(host)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(!new)
}

/// Where the slot's replicas of the base stand; what is not among them is not known, as in [`register`].
///
/// # Errors
/// [`StoreError::Query`].
pub async fn of_slot(tx: &mut TenantTx, base: KnowledgeBaseId, slot: SlotId) -> Result<Vec<ReplicaCursor>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM replica_cursors WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Uuid, _>(slot)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// An index of which a slot is said to hold a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Registered {
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    #[diesel(sql_type = Integer)]
    pub generation: i32,
    /// The change that its searches are said to see.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
}

/// Of all tenants, the replicas that the slot is said to hold.
///
/// # Errors
/// [`StoreError`].
pub async fn all_of_slot(system: &System, slot: SlotId) -> Result<Vec<Registered>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let all = sql_query(
        "SELECT tenant_id, knowledge_base_id, generation, seq FROM replica_cursors WHERE slot_id = $1
         ORDER BY tenant_id, knowledge_base_id, generation",
    )
    .bind::<Uuid, _>(slot)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(all)
}

/// Where every replica of the base stands, those of the vector server included.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn of_base(tx: &mut TenantTx, base: KnowledgeBaseId) -> Result<Vec<ReplicaCursor>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM replica_cursors WHERE tenant_id = $1 AND knowledge_base_id = $2 ORDER BY host, slot_id, generation"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// How far a catch-up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Documents that were applied.
    pub done: i64,
    /// Documents that had changed, those among them.
    pub all: i64,
}

/// Notes how far a catch-up is that is under way, until [`moved`] says that it has ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn progressed(tx: &mut TenantTx, of: ReplicaOf, seq: i64, progress: Progress) -> Result<(), StoreError> {
    sql_query(
        "UPDATE replica_cursors SET seq = $5, documents_done = $6, documents_all = $7, seen_at = now()
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(of.base)
    .bind::<Uuid, _>(of.slot)
    .bind::<Integer, _>(of.generation)
    .bind::<BigInt, _>(seq)
    .bind::<BigInt, _>(progress.done)
    .bind::<BigInt, _>(progress.all)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Notes that the replica lives and where it stands, with no catch-up under way. Where that is as it was, it is written at most once a minute.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn moved(tx: &mut TenantTx, of: ReplicaOf, seq: i64, erased_seq: i64) -> Result<(), StoreError> {
    sql_query(
        "UPDATE replica_cursors SET seq = $4, erased_seq = greatest(erased_seq, $5), documents_done = NULL, documents_all = NULL, seen_at = now()
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $6
           AND (seq <> $4 OR erased_seq < $5 OR documents_done IS NOT NULL OR seen_at < now() - interval '1 minute')",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(of.base)
    .bind::<Uuid, _>(of.slot)
    .bind::<BigInt, _>(seq)
    .bind::<BigInt, _>(erased_seq)
    .bind::<Integer, _>(of.generation)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Notes that the process lives which is to build the replica, at most once a minute.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn awaits(tx: &mut TenantTx, of: ReplicaOf) -> Result<(), StoreError> {
    sql_query(
        "UPDATE replica_cursors SET seen_at = now()
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4 AND seen_at < now() - interval '1 minute'",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(of.base)
    .bind::<Uuid, _>(of.slot)
    .bind::<Integer, _>(of.generation)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Notes that what the slot holds of the index is built from the beginning: until [`moved`], its searches see no change. What was erased is not there again.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn emptied(tx: &mut TenantTx, of: ReplicaOf) -> Result<(), StoreError> {
    sql_query(
        "UPDATE replica_cursors SET seq = 0, documents_done = NULL, documents_all = NULL, seen_at = now()
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4 AND (seq > 0 OR documents_done IS NOT NULL)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(of.base)
    .bind::<Uuid, _>(of.slot)
    .bind::<Integer, _>(of.generation)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Notes that nothing of the index is left on the slot's disk, which every deletion in the base has waited for; the slot's replica of another index
/// may still have to follow.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn removed(tx: &mut TenantTx, of: ReplicaOf) -> Result<(), StoreError> {
    sql_query(
        "WITH gone AS (
             DELETE FROM replica_cursors WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4
             RETURNING slot_id, host
         )
         INSERT INTO deletion_replicas (tenant_id, deletion_id, slot_id, host, outcome)
         SELECT d.tenant_id, d.id, g.slot_id, g.host, 'confirmed'
         FROM gone g JOIN deletions d ON d.tenant_id = $1 AND d.knowledge_base_id = $2 AND d.completed_at IS NULL
         WHERE NOT EXISTS (SELECT FROM replica_cursors o
             WHERE o.tenant_id = $1 AND o.knowledge_base_id = $2 AND o.slot_id = $3 AND o.generation <> $4
               AND (d.index_seq IS NULL OR o.erased_seq < d.index_seq))
         ON CONFLICT DO NOTHING",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(of.base)
    .bind::<Uuid, _>(of.slot)
    .bind::<Integer, _>(of.generation)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_that_is_visited_as_seldom_as_may_be_set_is_not_silent() {
        // `moved` writes at most once a minute, and the visits themselves take time.
        let longest = 60 + config::RetrievalSettings::REFRESH_INTERVAL_SECS_MAX;
        assert!(longest + 30 <= SILENT_AFTER_SECS.unsigned_abs(), "{longest}");
    }
}
