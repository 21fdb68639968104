use crate::extract::{Authorized, CredentialName, JobsWrite};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::provider_budgets;

/// Withdraw a budget
///
/// From here on the installation's defaults hold for the credential.
#[utoipa::path(
    delete,
    path = "/v1/budgets/{credential}",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("credential" = String, Path, description = "Its name.")),
    responses(
        (status = 204, description = "Withdrawn."),
        (status = 404, description = "There is no such budget."),
        (status = 422, description = "That is no name of a credential."),
    )
)]
pub(crate) async fn delete_budget(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    CredentialName(credential): CredentialName,
) -> Result<StatusCode, Problem> {
    state
        .store
        .tenant(caller.tenant(), async move |tx| {
            provider_budgets::delete(tx, &credential).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
