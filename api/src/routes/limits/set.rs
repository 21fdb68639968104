use crate::extract::{Authorized, Fields, FromFields, JobsWrite, JsonBody};
use crate::views::LimitObject;
use crate::work::known_kind;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;

/// How many jobs of a kind may run at once.
#[derive(Debug, ToSchema)]
pub(crate) struct SetLimit {
    #[schema(example = "ingest_document")]
    kind: String,
    #[schema(minimum = 1, maximum = 100_000, example = 2)]
    max_running: i32,
}

impl FromFields for SetLimit {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let kind = fields.text("kind", 1..=100);
        let kind = kind.and_then(|kind| known_kind(fields, "kind", kind));
        let max_running = fields.integer("max_running", 1..=100_000);
        Some(Self {
            kind: kind?,
            max_running: i32::try_from(max_running?).ok()?,
        })
    }
}

/// Limit a kind of jobs
///
/// Lets at most so many of the tenant's jobs of a kind run at once, within a second or two; the others wait. Said again for the same kind, it takes the place
/// of what was said before. To hold a kind back altogether, pause it.
#[utoipa::path(
    post,
    path = "/v1/limits",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    request_body = SetLimit,
    responses(
        (status = 200, description = "It is limited.", body = LimitObject),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn set_limit(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    JsonBody { value, .. }: JsonBody<SetLimit>,
) -> Result<Json<LimitObject>, Problem> {
    let limit = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::limits::set(tx, &value.kind, value.max_running).await
        })
        .await?;
    Ok(Json(limit.into()))
}
