use crate::extract::{Authorized, PathId, WebhooksRead};
use crate::views::{Tagged, WebhookObject};
use crate::{ApiState, Problem};
use axum::extract::State;
use store::WebhookId;

/// Show a webhook
///
/// Whether it is enabled, and if we disabled it, why. Its secret is not shown.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:read"])),
    params(("id" = Uuid, Path, description = "The webhook.")),
    responses(
        (status = 200, description = "The webhook.", body = WebhookObject, headers(("ETag" = String, description = "For If-Match."))),
        (status = 404, description = "There is no such webhook."),
    )
)]
pub(crate) async fn show_webhook(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksRead>,
    PathId(id): PathId<WebhookId>,
) -> Result<Tagged<WebhookObject>, Problem> {
    let found = state
        .store
        .tenant(caller.tenant(), async move |tx| store::webhooks::find(tx, id).await)
        .await?;
    Ok(Tagged(found.into()))
}
