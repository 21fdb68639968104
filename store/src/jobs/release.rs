use super::PAUSED_EPOCH;
use crate::pauses::IS_PAUSED;
use crate::store::Durability;
use crate::system::SystemTx;
use crate::{StoreError, System, TenantId};
use diesel::sql_types::{Array, BigInt, Bool, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Two processes that let jobs go at once would do no harm, only stand in each other's way.
const RELEASE_LOCK: i64 = 7_305_004;

/// Jobs that every pause holds back alike.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct PutAside {
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Text)]
    pub pool: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Bool)]
    pub forced: bool,
}

/// What the jobs are that were put aside and are paused no longer: a few kinds of a few tenants, however many jobs were put aside. From each kind it goes to the next in
/// the index, and reads nothing in between.
pub(crate) fn free_kinds() -> String {
    let put_aside = format!("FROM jobs WHERE state = 'queued' AND dispatch_epoch = '{PAUSED_EPOCH}'");
    format!(
        "WITH RECURSIVE put_aside AS (
             (SELECT tenant_id, pool, kind, forced {put_aside} ORDER BY tenant_id, pool, kind, forced LIMIT 1)
             UNION ALL
             SELECT n.tenant_id, n.pool, n.kind, n.forced FROM put_aside p CROSS JOIN LATERAL (
                 SELECT tenant_id, pool, kind, forced {put_aside} AND (tenant_id, pool, kind, forced) > (p.tenant_id, p.pool, p.kind, p.forced)
                 ORDER BY tenant_id, pool, kind, forced LIMIT 1) n
         )
         SELECT * FROM put_aside j WHERE NOT {IS_PAUSED}"
    )
}

/// Up to `limit` kinds of which jobs were put aside that are paused no longer.
///
/// # Errors
/// [`StoreError`].
pub async fn kinds_to_release(system: &System, limit: i64) -> Result<Vec<PutAside>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    keep_order_of_index(&mut tx).await?;
    let kinds = sql_query(format!("SELECT * FROM ({}) free LIMIT $1", free_kinds()))
        .bind::<BigInt, _>(limit)
        .load(&mut tx.conn)
        .await?;
    tx.commit().await?;
    Ok(kinds)
}

/// Makes up to `limit` jobs of `kinds` that were put aside due for dispatch; returns how many there were. `None`: another process is at it. One that is paused
/// again is put aside again when it is to be offered.
///
/// # Errors
/// [`StoreError`].
pub async fn release_kinds(system: &System, kinds: &[PutAside], limit: i64) -> Result<Option<usize>, StoreError> {
    #[derive(QueryableByName)]
    struct Locked {
        #[diesel(sql_type = Bool)]
        locked: bool,
    }
    let mut tx = system.begin(Durability::Relaxed).await?;
    let lock: Locked = sql_query("SELECT pg_try_advisory_xact_lock($1) AS locked")
        .bind::<BigInt, _>(RELEASE_LOCK)
        .get_result(&mut tx.conn)
        .await?;
    if !lock.locked {
        tx.roll_back().await?;
        return Ok(None);
    }
    let released = sql_query(format!(
        "WITH free AS (
             SELECT j.id FROM unnest($1, $2, $3, $4) AS f (tenant_id, pool, kind, forced) CROSS JOIN LATERAL (
                 SELECT id FROM jobs WHERE state = 'queued' AND dispatch_epoch = '{PAUSED_EPOCH}'
                    AND tenant_id = f.tenant_id AND pool = f.pool AND kind = f.kind AND forced = f.forced
                 LIMIT $5 FOR UPDATE SKIP LOCKED) j
             LIMIT $5
         )
         UPDATE jobs j SET dispatch_epoch = NULL, dispatched_at = NULL WHERE j.id = ANY(ARRAY(SELECT id FROM free))"
    ))
    .bind::<Array<Uuid>, _>(kinds.iter().map(|of| of.tenant_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(kinds.iter().map(|of| of.pool.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(kinds.iter().map(|of| of.kind.as_str()).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(kinds.iter().map(|of| of.forced).collect::<Vec<_>>())
    .bind::<BigInt, _>(limit)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(Some(released))
}

/// The planner knows little of a week that filled up just now, and would rather read all of it and sort.
async fn keep_order_of_index(tx: &mut SystemTx) -> Result<(), StoreError> {
    sql_query("SET LOCAL enable_sort = off").execute(&mut tx.conn).await?;
    Ok(())
}
