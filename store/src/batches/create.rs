use crate::prepared::Prepare;
use crate::{BatchId, StoreError, TenantTx};
use diesel::sql_query;
use diesel::sql_types::{Bool, Text, Uuid};
use diesel_async::RunQueryDsl;

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
    /// Whether jobs may be added after this transaction.
    pub open: bool,
    /// Whether a job of the batch's own id follows it.
    pub has_step: bool,
}

/// # Errors
/// [`StoreError::Query`].
pub async fn create(tx: &mut TenantTx, new: NewBatch<'_>) -> Result<(), StoreError> {
    sql_query("INSERT INTO batches (tenant_id, id, name, on_failure, open, has_step) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(new.id)
        .bind::<Text, _>(new.name)
        .bind::<Text, _>(new.on_failure.as_str())
        .bind::<Bool, _>(new.open)
        .bind::<Bool, _>(new.has_step)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}
