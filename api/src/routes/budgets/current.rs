use crate::ApiState;
use jobs::{BudgetLimits, QueueError, Use};
use std::time::Duration;
use store::TenantId;

/// How long Redis has to say what is used.
const ASK_GOVERNOR: Duration = Duration::from_millis(500);

/// What is used now; `None` where the governor does not answer. Of a credential of the installation whether the other side is called at all is known with the
/// installation's budget; what else stands there is the operators' to know.
pub(super) async fn current_use(
    state: &ApiState,
    tenant: TenantId,
    credential: &str,
    limits: &BudgetLimits,
) -> Option<Use> {
    let of_installation = state.settings.models.credentials().contains(credential);
    let asked = async {
        let own = state.queue.governor_use(tenant, credential, limits).await?;
        if !of_installation {
            return Ok::<_, QueueError>(own);
        }
        let installation = BudgetLimits::of_installation(credential, &state.settings.governor);
        let shared = state.queue.installation_use(credential, &installation).await?;
        Ok(Use {
            circuit: shared.circuit,
            circuit_open_until: shared.circuit_open_until,
            blocked_until: shared.blocked_until,
            ..own
        })
    };
    tokio::time::timeout(ASK_GOVERNOR, asked).await.ok()?.ok()
}

/// Credentials that were used lately, declared or not; none where the governor does not answer.
pub(super) async fn used_lately(state: &ApiState, tenant: TenantId) -> Vec<String> {
    match tokio::time::timeout(ASK_GOVERNOR, state.queue.governed_credentials(tenant)).await {
        Ok(Ok(names)) => names,
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}
