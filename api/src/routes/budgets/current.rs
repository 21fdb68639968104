use crate::ApiState;
use jobs::{BudgetLimits, Use};
use std::time::Duration;
use store::TenantId;

/// How long Redis has to say what is used.
const ASK_GOVERNOR: Duration = Duration::from_millis(500);

/// What is used now; `None` where the governor does not answer.
pub(super) async fn current_use(
    state: &ApiState,
    tenant: TenantId,
    credential: &str,
    limits: &BudgetLimits,
) -> Option<Use> {
    let asked = state.queue.governor_use(tenant, credential, limits);
    tokio::time::timeout(ASK_GOVERNOR, asked).await.ok()?.ok()
}

/// Credentials that were used lately, declared or not; none where the governor does not answer.
pub(super) async fn used_lately(state: &ApiState, tenant: TenantId) -> Vec<String> {
    match tokio::time::timeout(ASK_GOVERNOR, state.queue.governed_credentials(tenant)).await {
        Ok(Ok(names)) => names,
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}
