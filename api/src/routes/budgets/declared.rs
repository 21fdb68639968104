//! What a budget is declared and changed by alike.
use super::current::current_use;
use crate::extract::{CredentialName, JsonBody};
use crate::views::BudgetObject;
use crate::{ApiState, Problem};
use jobs::BudgetLimits;
use store::TenantId;
use store::provider_budgets::Budget;
use store::provider_usage::Usage;

/// Both parts of the request, or the faults of both.
pub(super) fn named<T>(
    credential: Result<CredentialName, Problem>,
    body: Result<JsonBody<T>, Problem>,
) -> Result<(String, T), Problem> {
    match (credential, body) {
        (Ok(CredentialName(credential)), Ok(JsonBody { value, .. })) => Ok((credential, value)),
        (Err(of_name), Err(of_body)) => Err(of_name.and(of_body)),
        (Err(problem), Ok(_)) | (Ok(_), Err(problem)) => Err(problem),
    }
}

/// The budget as it is now, with what is used of it.
pub(super) async fn shown(state: &ApiState, tenant: TenantId, budget: &Budget, today: Usage) -> BudgetObject {
    let limits = BudgetLimits::of(Some(budget), &state.settings.governor);
    let current = current_use(state, tenant, &budget.credential, &limits).await;
    BudgetObject::of(&budget.credential, Some(budget), &limits, today, current)
}
