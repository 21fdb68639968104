//! Indexes on a vector server, which all processes share: each has a row among the replicas' cursors, so that deletions wait for it as for a replica.
use crate::prepared::Prepare;
use crate::replica_cursors::{Progress, ReplicaOf};
use crate::store::Durability;
use crate::{KnowledgeBaseId, StoreError, System, TenantId, TenantTx};
use diesel::sql_types::{BigInt, Double, Integer, Text, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use uuid::Uuid as Token;

/// The slot that names the server: no process has it.
pub const SERVER: Token = Token::from_u128(0x7164_7261_6e74_0000_8000_0000_0000_0001);

/// What receipts call it.
pub const SERVER_NAME: &str = "qdrant";

/// One index on the server, as it was last written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct VectorIndex {
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    #[diesel(sql_type = Integer)]
    pub generation: i32,
    /// The change that searches see; 0: whatever the server has of it must not be used, for it may be left from before.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
}

/// Who may write to an index for a while.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    pub of: ReplicaOf,
    token: Token,
    /// As [`VectorIndex::seq`].
    pub seq: i64,
}

/// The server's copy of an index.
#[must_use]
pub fn on_server(base: KnowledgeBaseId, generation: i32) -> ReplicaOf {
    ReplicaOf {
        base,
        generation,
        slot: SERVER,
    }
}

/// Has it known that the server is to hold the index; commit before anything is read for it. Known already, it stays as it is.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn add(tx: &mut TenantTx, base: KnowledgeBaseId, generation: i32) -> Result<(), StoreError> {
    sql_query(
        "INSERT INTO replica_cursors (tenant_id, knowledge_base_id, slot_id, generation, host) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, knowledge_base_id, slot_id, generation) DO NOTHING",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Uuid, _>(SERVER)
    .bind::<Integer, _>(generation)
    .bind::<Text, _>(SERVER_NAME)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// All indexes that the server has or is to have, of all tenants, those first that were not looked at for longest.
///
/// # Errors
/// [`StoreError`].
pub async fn all(system: &System) -> Result<Vec<VectorIndex>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let all = sql_query(
        "SELECT tenant_id, knowledge_base_id, generation, seq FROM replica_cursors WHERE slot_id = $1
         ORDER BY seen_at, tenant_id, knowledge_base_id, generation",
    )
    .bind::<Uuid, _>(SERVER)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(all)
}

/// Takes the index for `lease_secs`, unless somebody else has it: `None`. Also where it is not known.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn claim(tx: &mut TenantTx, of: ReplicaOf, lease_secs: f64) -> Result<Option<Writer>, StoreError> {
    #[derive(QueryableByName)]
    struct Claimed {
        #[diesel(sql_type = BigInt)]
        seq: i64,
    }
    let token = Token::new_v4();
    let claimed: Option<Claimed> = sql_query(
        "UPDATE replica_cursors SET writer = $5, writer_until = clock_timestamp() + make_interval(secs => $6)
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4
           AND (writer IS NULL OR writer_until < clock_timestamp())
         RETURNING seq",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(of.base)
    .bind::<Uuid, _>(of.slot)
    .bind::<Integer, _>(of.generation)
    .bind::<Uuid, _>(token)
    .bind::<Double, _>(lease_secs)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    Ok(claimed.map(|Claimed { seq }| Writer { of, token, seq }))
}

/// Holds the index for `lease_secs` more, and notes that the server has it up to `seq`.
///
/// # Errors
/// [`StoreError::LeaseLost`] when somebody else has it meanwhile, or it is not known any more.
pub async fn advance(tx: &mut TenantTx, writer: &Writer, seq: i64, lease_secs: f64) -> Result<(), StoreError> {
    let held = sql_query(
        "UPDATE replica_cursors SET seq = $6, erased_seq = $6, seen_at = now(),
             writer_until = clock_timestamp() + make_interval(secs => $7)
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4 AND writer = $5",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(writer.of.base)
    .bind::<Uuid, _>(writer.of.slot)
    .bind::<Integer, _>(writer.of.generation)
    .bind::<Uuid, _>(writer.token)
    .bind::<BigInt, _>(seq)
    .bind::<Double, _>(lease_secs)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    if held == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

/// Notes how far the writer is, until it [releases](release) the index; nothing where it has it no more.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn progressed(tx: &mut TenantTx, writer: &Writer, progress: Progress) -> Result<(), StoreError> {
    sql_query(
        "UPDATE replica_cursors SET documents_done = $6, documents_all = $7, seen_at = now()
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4 AND writer = $5",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(writer.of.base)
    .bind::<Uuid, _>(writer.of.slot)
    .bind::<Integer, _>(writer.of.generation)
    .bind::<Uuid, _>(writer.token)
    .bind::<BigInt, _>(progress.done)
    .bind::<BigInt, _>(progress.all)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Holds the index for `lease_secs` more.
///
/// # Errors
/// As [`advance`].
pub async fn renew(tx: &mut TenantTx, writer: &Writer, lease_secs: f64) -> Result<(), StoreError> {
    let held = sql_query(
        "UPDATE replica_cursors SET writer_until = clock_timestamp() + make_interval(secs => $6)
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4 AND writer = $5",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(writer.of.base)
    .bind::<Uuid, _>(writer.of.slot)
    .bind::<Integer, _>(writer.of.generation)
    .bind::<Uuid, _>(writer.token)
    .bind::<Double, _>(lease_secs)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    if held == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

/// Notes that the server was looked at and has the index up to `seq`; nothing while somebody writes to it, or where it has come further meanwhile.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn seen(tx: &mut TenantTx, of: ReplicaOf, seq: i64) -> Result<(), StoreError> {
    sql_query(
        "UPDATE replica_cursors SET seq = $5, erased_seq = greatest(erased_seq, $5), seen_at = now()
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4
           AND (writer IS NULL OR writer_until < clock_timestamp()) AND seq <= $5
           AND (seq <> $5 OR erased_seq < $5 OR seen_at < now() - interval '1 minute')",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(of.base)
    .bind::<Uuid, _>(of.slot)
    .bind::<Integer, _>(of.generation)
    .bind::<BigInt, _>(seq)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Gives the index back; `false` when it was lost before.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn release(tx: &mut TenantTx, writer: &Writer) -> Result<bool, StoreError> {
    let released = sql_query(
        "UPDATE replica_cursors SET writer = NULL, writer_until = NULL, documents_done = NULL, documents_all = NULL
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND slot_id = $3 AND generation = $4 AND writer = $5",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(writer.of.base)
    .bind::<Uuid, _>(writer.of.slot)
    .bind::<Integer, _>(writer.of.generation)
    .bind::<Uuid, _>(writer.token)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(released > 0)
}
