use super::declared::{named, shown};
use crate::extract::{Authorized, CredentialName, Fields, FromFields, JobsWrite, JsonBody};
use crate::views::BudgetObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::provider_budgets::Changes;
use store::{StoreError, provider_budgets, provider_usage};
use utoipa::ToSchema;

/// What is to be different. What is absent stays as it was declared, `null` is the installation's default, 0 is no limit.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct BudgetPatch {
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

#[derive(Debug)]
pub(crate) struct UpdateBudget(Changes);

impl FromFields for UpdateBudget {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self(Changes {
            requests_per_minute: small(fields, "requests_per_minute", 1_000_000),
            burst: small(fields, "burst", 1_000_000),
            concurrency: small(fields, "concurrency", 100_000),
            tokens_per_minute: number(fields, "tokens_per_minute", 1_000_000_000_000),
            cost_micros_per_day: number(fields, "cost_micros_per_day", 1_000_000_000_000),
        }))
    }
}

fn number(fields: &mut Fields, name: &str, most: i64) -> Option<Option<i64>> {
    let is_withdrawn = fields.is_null(name);
    let number = fields.optional_integer(name, 0..=most);
    number.map(Some).or_else(|| is_withdrawn.then_some(None))
}

fn small(fields: &mut Fields, name: &str, most: i64) -> Option<Option<i32>> {
    let number = number(fields, name, most)?;
    Some(number.and_then(|number| i32::try_from(number).ok()))
}

/// Change a budget
///
/// The numbers that are named, and no others: what is in effect by default stays the installation's to say. Where the credential has no budget, one is
/// declared. Workers heed it within a second or so; jobs that wait ask again within a minute.
#[utoipa::path(
    patch,
    path = "/v1/budgets/{credential}",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("credential" = String, Path, description = "Its name: 1 to 200 letters, digits or any of `. _ : @ - [ ]`.")),
    request_body = BudgetPatch,
    responses(
        (status = 200, description = "The budget as it is now.", body = BudgetObject),
        (status = 409, description = "There are 500 budgets, and no more are kept."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The name or fields are wrong or unknown."),
    )
)]
pub(crate) async fn update_budget(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    credential: Result<CredentialName, Problem>,
    body: Result<JsonBody<UpdateBudget>, Problem>,
) -> Result<Json<BudgetObject>, Problem> {
    let (credential, UpdateBudget(changes)) = named(credential, body)?;
    let (budget, today) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let budget = provider_budgets::change(tx, &credential, &changes).await?;
            let today = provider_usage::today(tx, &budget.credential).await?;
            Ok::<_, StoreError>((budget, today))
        })
        .await?;
    Ok(Json(shown(&state, caller.tenant(), &budget, today).await))
}
