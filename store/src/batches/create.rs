use crate::prepared::Prepare;
use crate::{BatchId, StoreError, TenantTx};
use diesel::sql_types::{BigInt, Bool, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Batches of a tenant that may take more jobs at once. Each is looked at by nobody until it is closed, but is kept.
pub const MAX_OPEN: i64 = 1000;

/// Batches of a tenant that may be there at once and have not ended, open ones among them.
pub const MAX_UNENDED: i64 = 10_000;

/// So near to a bound batches are made one at a time, or many requests would each find room for one more. There are fewer connections than this.
const NEAR: i64 = 100;

/// What the first dead job of a batch does to the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    #[default]
    Continue,
    /// Those that have not ended are cancelled.
    Cancel,
}

impl OnFailure {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Cancel => "cancel",
        }
    }
}

/// A batch without jobs, to be inserted in the caller's transaction.
#[derive(Clone, Copy, Debug)]
pub struct NewBatch<'a> {
    pub id: BatchId,
    /// May be empty.
    pub name: &'a str,
    pub on_failure: OnFailure,
    /// Whether jobs may be added after this transaction. Until it ends they may in any case: [`add`](super::add) closes it.
    pub stays_open: bool,
    /// Whether a job of the batch's own id follows it.
    pub has_step: bool,
}

/// # Errors
/// [`StoreError::Conflict`] when the tenant has [`MAX_UNENDED`], or is to have more than [`MAX_OPEN`] that stay open.
pub async fn create(tx: &mut TenantTx, new: NewBatch<'_>) -> Result<(), StoreError> {
    ensure_room(tx, new.stays_open).await?;
    sql_query(
        "INSERT INTO batches (tenant_id, id, name, on_failure, open, has_step) VALUES ($1, $2, $3, $4, true, $5)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(new.id)
    .bind::<Text, _>(new.name)
    .bind::<Text, _>(new.on_failure.as_str())
    .bind::<Bool, _>(new.has_step)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct There {
    #[diesel(sql_type = BigInt)]
    open: i64,
    #[diesel(sql_type = BigInt)]
    unended: i64,
}

async fn ensure_room(tx: &mut TenantTx, stays_open: bool) -> Result<(), StoreError> {
    let mut there = count(tx).await?;
    if there.open > MAX_OPEN - NEAR || there.unended > MAX_UNENDED - NEAR {
        sql_query("SELECT pg_advisory_xact_lock(hashtextextended('batches of ' || $1::text, 0))")
            .bind::<Uuid, _>(tx.tenant)
            .prepared()
            .execute(&mut tx.conn)
            .await?;
        there = count(tx).await?;
    }
    if stays_open && there.open >= MAX_OPEN {
        return Err(StoreError::Conflict {
            what: "there are 1000 open batches, and no more are allowed: close or cancel some",
        });
    }
    if there.unended >= MAX_UNENDED {
        return Err(StoreError::Conflict {
            what: "there are 10000 batches that have not ended, and no more are allowed: wait until some have, or cancel some",
        });
    }
    Ok(())
}

async fn count(tx: &mut TenantTx) -> Result<There, StoreError> {
    Ok(sql_query(
        "SELECT count(*) FILTER (WHERE open) AS open, count(*) AS unended FROM batches WHERE tenant_id = $1 AND ended_at IS NULL",
    )
    .bind::<Uuid, _>(tx.tenant)
    .prepared()
    .get_result(&mut tx.conn)
    .await?)
}
