use super::JobState;
use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx};
use diesel::sql_types::{Array, Bool, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// A job that was named, by what tells whether something can be done with it.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct NamedJob {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Text)]
    pub state: JobState,
    /// Whether its worker was told to stop.
    #[diesel(sql_type = Bool)]
    pub cancel_requested: bool,
    /// Whether somebody gave it up when it was dead.
    #[diesel(sql_type = Bool)]
    pub is_discarded: bool,
}

/// Those of `ids` that are there, in no particular order.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn named(tx: &mut TenantTx, ids: &[JobId]) -> Result<Vec<NamedJob>, StoreError> {
    let sql = "SELECT id, state, cancel_requested, discarded_at IS NOT NULL AS is_discarded
               FROM jobs WHERE tenant_id = $1 AND id = ANY($2)";
    Ok(sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Array<Uuid>, _>(ids)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}
