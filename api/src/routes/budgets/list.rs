use super::current::{current_use, used_lately};
use crate::extract::{Authorized, JobsRead, OnePage, Query};
use crate::views::{BudgetObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use futures::future::join_all;
use jobs::BudgetLimits;
use std::collections::{BTreeMap, BTreeSet};
use store::provider_budgets::Budget;
use store::{StoreError, provider_budgets, provider_usage};

/// List budgets
///
/// What calls to each credential may take and have taken: the credentials that have a budget, and those that were used within two days.
#[utoipa::path(
    get,
    path = "/v1/budgets",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(("limit" = Option<i64>, Query, description = "1 to 100. Changes nothing: the list is one page.")),
    responses(
        (status = 200, description = "All of them, by name.", body = Page<BudgetObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
    )
)]
pub(crate) async fn list_budgets(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    _page: Query<OnePage>,
) -> Result<Json<Page<BudgetObject>>, Problem> {
    caller.refuse_publishable()?;
    let tenant = caller.tenant();
    let (declared, usage) = state
        .store
        .tenant(tenant, async move |tx| {
            let declared = provider_budgets::list(tx).await?;
            Ok::<_, StoreError>((declared, provider_usage::all_today(tx).await?))
        })
        .await?;
    let declared: BTreeMap<String, Budget> = declared
        .into_iter()
        .map(|budget| (budget.credential.clone(), budget))
        .collect();
    let usage: BTreeMap<String, _> = usage.into_iter().collect();
    let lately = used_lately(&state, tenant).await;
    let names: BTreeSet<&String> = declared.keys().chain(usage.keys()).chain(&lately).collect();
    let shown = names.into_iter().map(|name| {
        let (budget, today) = (declared.get(name), usage.get(name).copied().unwrap_or_default());
        let limits = BudgetLimits::of(budget, &state.settings.governor);
        let state = &state;
        async move {
            let current = current_use(state, tenant, name, &limits).await;
            BudgetObject::of(name, budget, &limits, today, current)
        }
    });
    Ok(Json(Page::whole(join_all(shown).await)))
}
