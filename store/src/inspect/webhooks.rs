use super::rows::LOOKED_AT;
use crate::{StoreError, System, TenantId, WebhookDeliveryId, WebhookId};
use diesel::sql_types::{Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use std::fmt;

/// A delivery that nothing carries out any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct LostDelivery {
    #[diesel(sql_type = Uuid)]
    pub id: WebhookDeliveryId,
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Uuid)]
    pub endpoint_id: WebhookId,
    /// What became of its job.
    #[diesel(sql_type = Text)]
    pub job: String,
}

impl fmt::Display for LostDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: its job is {}", self.id, self.tenant_id, self.job)
    }
}

/// Deliveries to enabled webhooks that are pending and whose job is dead, has ended otherwise, or is not there. A job that was cancelled gave its
/// delivery up on purpose.
///
/// # Errors
/// [`StoreError`].
pub async fn lost_deliveries(system: &System) -> Result<Vec<LostDelivery>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found = sql_query(format!(
        "SELECT d.id, d.tenant_id, d.endpoint_id, coalesce(j.state, 'missing') AS job
         FROM webhook_deliveries d
         JOIN webhook_endpoints w ON w.tenant_id = d.tenant_id AND w.id = d.endpoint_id AND w.enabled
         LEFT JOIN jobs j ON j.id = d.job_id AND j.tenant_id = d.tenant_id
         WHERE d.outcome IS NULL AND (j.id IS NULL OR j.state IN ('succeeded', 'dead'))
         ORDER BY d.id LIMIT {LOOKED_AT}"
    ))
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(found)
}

/// The tenants that have webhooks.
///
/// # Errors
/// [`StoreError`].
pub async fn tenants_with_webhooks(system: &System) -> Result<Vec<TenantId>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Uuid)]
        tenant_id: TenantId,
    }
    let mut tx = system.begin_survey().await?;
    let found: Vec<Row> = sql_query("SELECT DISTINCT tenant_id FROM webhook_endpoints ORDER BY 1")
        .load(&mut tx.conn)
        .await?;
    tx.commit().await?;
    Ok(found.into_iter().map(|row| row.tenant_id).collect())
}
