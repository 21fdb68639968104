use super::dispatch::dispatch;
use crate::extract::{Authorized, Fields, FromFields, JsonBody, PathId, WebhooksWrite};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use jobs::Dispatch;
use serde::Serialize;
use store::WebhookId;
use utoipa::ToSchema;
use uuid::Uuid;

/// Which deliveries are replayed.
#[derive(Debug, ToSchema)]
pub(crate) struct ReplayFailed {
    /// Those of events from this instant on.
    since: DateTime<Utc>,
    /// 1 to 1000; 100 by default.
    #[schema(value_type = Option<i64>)]
    limit: i64,
}

impl FromFields for ReplayFailed {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let limit = fields.optional_integer("limit", 1..=1000).unwrap_or(100);
        Some(Self {
            since: fields.time("since")?,
            limit,
        })
    }
}

/// The deliveries that are tried again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayedDeliveries {
    pub(crate) replayed: Vec<Uuid>,
    /// There may be more that have failed: call again.
    pub(crate) more: bool,
}

/// Replay the deliveries that failed
///
/// Those of events since an instant, oldest first: for when a receiver has been mended.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/deliveries/replay",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:write"])),
    params(("id" = Uuid, Path, description = "The webhook.")),
    request_body = ReplayFailed,
    responses(
        (status = 202, description = "Which are tried again.", body = ReplayedDeliveries),
        (status = 404, description = "There is no such webhook."),
        (status = 409, description = "The webhook is disabled."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn replay_failed_deliveries(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    PathId(id): PathId<WebhookId>,
    JsonBody { value: asked, .. }: JsonBody<ReplayFailed>,
) -> Result<(StatusCode, Json<ReplayedDeliveries>), Problem> {
    let limit = asked.limit;
    let replayed = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::webhooks::replay_failed(tx, id, asked.since, limit).await
        })
        .await?;
    let dispatches: Vec<Dispatch> = replayed
        .iter()
        .map(|one| dispatch(one.job_id, caller.tenant()))
        .collect();
    state.queue.push(&dispatches).await;
    let answer = ReplayedDeliveries {
        more: i64::try_from(replayed.len()).unwrap_or(i64::MAX) >= limit,
        replayed: replayed.into_iter().map(|one| one.id.0).collect(),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
