use crate::jobs::{Told, cancel_locked};
use crate::system::SystemTx;
use crate::{BatchId, Durability, JobId, StoreError, System, TenantId};
use diesel::sql_types::{Array, BigInt, Integer, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use std::collections::BTreeMap;

/// A batch that is open for so long is closed by nobody any more.
pub const OPEN_DAYS: i32 = 30;

/// What was closed.
#[derive(Clone, Debug, Default)]
pub struct Expired {
    pub batches: usize,
    /// Jobs that would have followed them, and are cancelled: whoever was to add the rest never said that this was all.
    pub following: Vec<Told>,
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Uuid)]
    tenant_id: TenantId,
    #[diesel(sql_type = Uuid)]
    id: BatchId,
}

#[derive(QueryableByName)]
struct Following {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

/// Closes up to `limit` batches that were made more than [`OPEN_DAYS`] ago and are open, and cancels what would follow them. Their own jobs go on, and the batches end with them.
///
/// # Errors
/// [`StoreError`].
pub async fn expire_open(system: &System, limit: i64) -> Result<Expired, StoreError> {
    let mut tx = system.begin(Durability::Durable).await?;
    // Whoever holds one of them adds jobs to it just now: it is looked at again.
    let locked: Vec<Locked> = sql_query(
        "SELECT tenant_id, id FROM batches WHERE open AND created_at < now() - $1 * interval '1 day'
         ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind::<Integer, _>(OPEN_DAYS)
    .bind::<BigInt, _>(limit)
    .load(&mut tx.conn)
    .await?;
    let mut of_tenants: BTreeMap<TenantId, Vec<BatchId>> = BTreeMap::new();
    for batch in &locked {
        of_tenants.entry(batch.tenant_id).or_default().push(batch.id);
    }
    let mut following = Vec::new();
    for (tenant, batches) in of_tenants {
        sql_query("UPDATE batches SET open = false, expired_at = now() WHERE tenant_id = $1 AND id = ANY($2)")
            .bind::<Uuid, _>(tenant)
            .bind::<Array<Uuid>, _>(&batches)
            .execute(&mut tx.conn)
            .await?;
        let jobs = lock_following(&mut tx, tenant, &batches).await?;
        following.append(&mut cancel_locked(&mut tx.conn, tenant, &jobs).await?);
    }
    tx.commit().await?;
    Ok(Expired {
        batches: locked.len(),
        following,
    })
}

async fn lock_following(tx: &mut SystemTx, tenant: TenantId, batches: &[BatchId]) -> Result<Vec<JobId>, StoreError> {
    let locked: Vec<Following> = sql_query(
        "SELECT id FROM jobs WHERE tenant_id = $1 AND id = ANY($2) AND awaits_batch AND state = 'scheduled' ORDER BY id FOR UPDATE",
    )
    .bind::<Uuid, _>(tenant)
    .bind::<Array<Uuid>, _>(batches)
    .load(&mut tx.conn)
    .await?;
    Ok(locked.into_iter().map(|job| job.id).collect())
}
