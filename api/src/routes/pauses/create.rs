use crate::extract::{Authorized, Fields, FromFields, JobsWrite, JsonBody};
use crate::views::PauseObject;
use crate::work::known_kind;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

/// What is to be paused.
#[derive(Debug, ToSchema)]
pub(crate) struct CreatePause {
    /// Jobs of this kind; all of the tenant's jobs when absent.
    #[schema(example = "ingest_document")]
    kind: Option<String>,
    /// For whoever wonders.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl FromFields for CreatePause {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let kind = fields.optional_text("kind", 1..=100);
        let kind = kind.and_then(|kind| known_kind(fields, "kind", kind));
        Some(Self {
            kind,
            reason: fields.optional_text("reason", 1..=500),
        })
    }
}

/// Pause jobs
///
/// Holds back all jobs of the tenant, or those of one kind: they are accepted and wait. Jobs that run go on.
#[utoipa::path(
    post,
    path = "/v1/pauses",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    request_body = CreatePause,
    responses(
        (status = 201, description = "Paused.", body = PauseObject),
        (status = 409, description = "That is paused already."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn create_pause(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    JsonBody { value, .. }: JsonBody<CreatePause>,
) -> Result<(StatusCode, Json<PauseObject>), Problem> {
    let pause = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::pauses::create(tx, value.kind.as_deref(), value.reason.as_deref().unwrap_or("")).await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(pause.into())))
}
