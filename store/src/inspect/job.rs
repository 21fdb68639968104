use crate::prepared::Prepare;
use crate::{Durability, JobId, StoreError, System, TenantId};
use diesel::sql_types::Uuid;
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Owned {
    #[diesel(sql_type = Uuid)]
    tenant_id: TenantId,
}

/// Whose job it is. What there is to say of it is then read as that tenant.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn tenant_of_job(system: &System, id: JobId) -> Result<TenantId, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let found: Owned = sql_query("SELECT tenant_id FROM jobs WHERE id = $1")
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "job"))?;
    tx.commit().await?;
    Ok(found.tenant_id)
}
