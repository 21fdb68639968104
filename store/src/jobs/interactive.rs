use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx};
use diesel::sql_query;
use diesel::sql_types::Uuid;
use diesel_async::RunQueryDsl;

/// Makes sure that a job which was inserted with relaxed durability is on disk once `tx`, a durable transaction, commits. The write is
/// what counts: the commit of a transaction that only reads flushes nothing.
///
/// # Errors
/// [`StoreError::NotFound`] when a crash has forgotten the job.
pub async fn make_durable(tx: &mut TenantTx, id: JobId) -> Result<(), StoreError> {
    let written = sql_query("UPDATE jobs SET revision = revision + 1 WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    if written == 0 {
        Err(StoreError::NotFound { what: "job" })
    } else {
        Ok(())
    }
}
