use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::{SourceId, StoreError, TenantTx, effects};
use diesel::sql_types::{Array, BigInt, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Asked {
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = BigInt)]
    again: i64,
}

/// What came of [`ask_again`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Nothing failed for one of the reasons that was not asked for a second time.
    Nothing,
    /// These wait once more.
    Waiting(i64),
    /// So many failed that it is not these addresses: none waits.
    TooMany(i64),
}

/// Has the sync look once more at the items that failed for one of `reasons`, each a second time at most, where they are no more than `max`; under its job's lease.
///
/// # Errors
/// [`StoreError::LeaseLost`]; [`StoreError::Query`].
pub async fn ask_again(
    tx: &mut TenantTx,
    held: Held,
    source: SourceId,
    reasons: &[&str],
    max: i64,
) -> Result<Again, StoreError> {
    effects::hold(tx, held).await?;
    let asked: Asked = sql_query(
        "WITH failed AS (
             SELECT url FROM source_items
             WHERE tenant_id = $1 AND source_id = $2 AND sync_id = $3 AND status = 'failed' AND reason = ANY($4) AND NOT asked_again
         ), again AS (
             UPDATE source_items i SET status = 'waiting', reason = NULL, asked_again = true
             FROM failed WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.url = failed.url AND (SELECT count(*) FROM failed) <= $5
             RETURNING i.url
         ), counted AS (
             UPDATE source_syncs SET failed = source_syncs.failed - (SELECT count(*) FROM again)
             WHERE tenant_id = $1 AND source_id = $2 AND id = $3
         )
         SELECT (SELECT count(*) FROM failed) AS failed, (SELECT count(*) FROM again) AS again",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Uuid, _>(held.id)
    .bind::<Array<Text>, _>(reasons)
    .bind::<BigInt, _>(max)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(match asked {
        Asked { failed: 0, .. } => Again::Nothing,
        Asked { failed, again: 0 } => Again::TooMany(failed),
        Asked { again, .. } => Again::Waiting(again),
    })
}
