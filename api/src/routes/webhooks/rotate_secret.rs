use super::fields::master_key;
use crate::extract::{Authorized, PathId, WebhooksWrite};
use crate::views::WebhookSecretObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::WebhookId;

/// Rotate the secret of a webhook
///
/// The answer holds the new secret, which is never shown again. The old one signs beside it until `previous_secret_until`, and those that were replaced before
/// each until its own time is over.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/rotate-secret",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:write"])),
    params(("id" = Uuid, Path, description = "The webhook.")),
    responses(
        (status = 200, description = "The webhook, with its new secret.", body = WebhookSecretObject),
        (status = 404, description = "There is no such webhook."),
        (status = 409, description = "Five earlier secrets sign still; once the oldest has expired, it can be rotated again."),
    )
)]
pub(crate) async fn rotate_webhook_secret(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    PathId(id): PathId<WebhookId>,
) -> Result<Json<WebhookSecretObject>, Problem> {
    let (key, grace_secs) = (
        master_key(&state)?,
        i64::from(state.settings.webhooks.secret_grace_hours) * 3600,
    );
    let rotated = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::webhooks::rotate_secret(tx, &key, id, grace_secs).await
        })
        .await?;
    Ok(Json(WebhookSecretObject::of(rotated)))
}
