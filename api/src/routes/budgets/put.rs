use super::declared::{named, shown};
use crate::extract::{Authorized, CredentialName, Fields, FromFields, JobsWrite, JsonBody};
use crate::views::BudgetObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::provider_budgets::Budget;
use store::{StoreError, provider_budgets, provider_usage};
use utoipa::ToSchema;

/// What calls to a credential may take. A field that is absent is the installation's default; 0 is no limit.
#[derive(Debug, ToSchema)]
pub(crate) struct PutBudget {
    #[schema(minimum = 0, maximum = 1_000_000)]
    requests_per_minute: Option<i32>,
    /// Requests at once after a pause; by default what the rate allows in a second.
    #[schema(minimum = 0, maximum = 1_000_000)]
    burst: Option<i32>,
    /// Calls that are made at the same time.
    #[schema(minimum = 0, maximum = 100_000)]
    concurrency: Option<i32>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    tokens_per_minute: Option<i64>,
    /// Millionths of a US dollar, a day in UTC.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    cost_micros_per_day: Option<i64>,
}

impl FromFields for PutBudget {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let mut small = |name, most| {
            let number = fields.optional_integer(name, 0..=most);
            number.and_then(|number| i32::try_from(number).ok())
        };
        let (requests_per_minute, burst) = (small("requests_per_minute", 1_000_000), small("burst", 1_000_000));
        let concurrency = small("concurrency", 100_000);
        Some(Self {
            requests_per_minute,
            burst,
            concurrency,
            tokens_per_minute: fields.optional_integer("tokens_per_minute", 0..=1_000_000_000_000),
            cost_micros_per_day: fields.optional_integer("cost_micros_per_day", 0..=1_000_000_000_000),
        })
    }
}

/// Declare a budget
///
/// In place of an earlier one for the credential, which need not have been used yet. Workers heed it within a second or so; jobs that wait
/// ask again within a minute.
#[utoipa::path(
    put,
    path = "/v1/budgets/{credential}",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("credential" = String, Path, description = "Its name: 1 to 200 letters, digits or any of `. _ : @ - [ ]`.")),
    request_body = PutBudget,
    responses(
        (status = 200, description = "Declared.", body = BudgetObject),
        (status = 409, description = "There are 500 budgets, and no more are kept."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The name or fields are wrong or unknown."),
    )
)]
pub(crate) async fn put_budget(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    credential: Result<CredentialName, Problem>,
    body: Result<JsonBody<PutBudget>, Problem>,
) -> Result<Json<BudgetObject>, Problem> {
    let (credential, value) = named(credential, body)?;
    let budget = Budget {
        requests_per_minute: value.requests_per_minute,
        burst: value.burst,
        concurrency: value.concurrency,
        tokens_per_minute: value.tokens_per_minute,
        cost_micros_per_day: value.cost_micros_per_day,
        ..Budget::named(credential)
    };
    let (budget, today) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let budget = provider_budgets::put(tx, &budget).await?;
            let today = provider_usage::today(tx, &budget.credential).await?;
            Ok::<_, StoreError>((budget, today))
        })
        .await?;
    Ok(Json(shown(&state, caller.tenant(), &budget, today).await))
}
