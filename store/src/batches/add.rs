use crate::prepared::Prepare;
use crate::{BatchId, StoreError, TenantTx};
use diesel::sql_types::{Bool, Integer, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// The most jobs that a batch can have.
pub const MAX_JOBS: i32 = 100_000;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Bool)]
    open: bool,
    #[diesel(sql_type = Integer)]
    total: i32,
}

/// Locks a batch that takes more jobs, at least `more` of them, until the transaction ends: it can neither end nor be stopped meanwhile.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when it was closed or cancelled, or would have more than [`MAX_JOBS`].
pub async fn lock_open(tx: &mut TenantTx, id: BatchId, more: usize) -> Result<(), StoreError> {
    let row: Row = sql_query("SELECT open, total FROM batches WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .optional()?
        .ok_or(StoreError::NotFound { what: "batch" })?;
    if !row.open {
        return Err(StoreError::Conflict {
            what: "the batch takes no more jobs: it was closed or cancelled, or nobody had closed it for 30 days",
        });
    }
    if i64::from(row.total) + i64::try_from(more).unwrap_or(i64::MAX) > i64::from(MAX_JOBS) {
        return Err(StoreError::Conflict {
            what: "a batch has at most 100000 jobs",
        });
    }
    Ok(())
}

/// Counts `jobs` new jobs of the batch as pending, in the transaction that inserts them, and closes it when `close`.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn add(tx: &mut TenantTx, id: BatchId, jobs: i32, close: bool) -> Result<(), StoreError> {
    sql_query("UPDATE batches SET total = total + $3, open = open AND NOT $4 WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .bind::<Integer, _>(jobs)
        .bind::<Bool, _>(close)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}
