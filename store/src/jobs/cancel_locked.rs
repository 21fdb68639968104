use super::JobState;
use crate::batches::COUNTED;
use crate::connect::PooledConnection;
use crate::effects::{IS_UNKNOWN, UNKNOWN};
use crate::prepared::Prepare;
use crate::webhooks::TELL_WEBHOOKS;
use crate::{JobId, StoreError, TenantId};
use diesel::sql_types::{Array, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// A job that was cancelled, or told to stop.
#[derive(Clone, Debug, QueryableByName)]
pub struct Told {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// `cancelled`; `dead`, where what came of a call is not known; or still `running`: then its worker is to be told.
    #[diesel(sql_type = Text)]
    pub state: JobState,
}

/// Cancels those that wait, and asks those that run to stop; by id. The transaction has locked them by a statement of its own, and none has ended: what this one
/// sees of their calls is then all there is.
///
/// # Errors
/// [`StoreError::Query`].
pub(crate) async fn cancel_locked(
    conn: &mut PooledConnection,
    tenant: TenantId,
    ids: &[JobId],
) -> Result<Vec<Told>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sql_query(format!(
        "WITH ended AS (
             UPDATE jobs j SET cancel_requested = true, revision = revision + 1,
                    state = CASE WHEN j.state = 'running' THEN 'running' WHEN {IS_UNKNOWN} THEN 'dead' ELSE 'cancelled' END,
                    finished_at = CASE WHEN j.state = 'running' THEN NULL ELSE now() END
             WHERE j.tenant_id = $1 AND j.id = ANY($2)
             RETURNING j.*, NULL::jsonb AS result, CASE WHEN j.state = 'dead' THEN {unknown} END AS error
         ), body AS (
             UPDATE job_bodies b SET error = {unknown}
             WHERE b.tenant_id = $1 AND b.job_id = ANY(ARRAY(SELECT id FROM ended WHERE state = 'dead'))
         ), {COUNTED}, {TELL_WEBHOOKS}
         SELECT id, kind, state FROM ended ORDER BY id",
        unknown = *UNKNOWN
    ))
    .bind::<Uuid, _>(tenant)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(conn)
    .await?)
}
