use crate::extract::{Authorized, PathId, WebhooksWrite};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::WebhookId;

/// Delete a webhook
///
/// With the log of its deliveries. What is pending is not sent any more, but for an attempt that is under way.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{id}",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:write"])),
    params(("id" = Uuid, Path, description = "The webhook.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such webhook."),
    )
)]
pub(crate) async fn delete_webhook(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    PathId(id): PathId<WebhookId>,
) -> Result<StatusCode, Problem> {
    state
        .store
        .tenant(caller.tenant(), async move |tx| store::webhooks::delete(tx, id).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
