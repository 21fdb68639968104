use super::dispatch::dispatch;
use crate::extract::{Authorized, PathId, WebhooksWrite};
use crate::views::WebhookDeliveryObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use store::{WebhookDeliveryId, WebhookId};

/// Try a webhook out
///
/// Sends it an event of type `webhook.test`, whatever it is subscribed to. What came of it stands in its deliveries.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/test",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:write"])),
    params(("id" = Uuid, Path, description = "The webhook.")),
    responses(
        (status = 202, description = "The delivery.", body = WebhookDeliveryObject),
        (status = 404, description = "There is no such webhook."),
        (status = 409, description = "The webhook is disabled."),
    )
)]
pub(crate) async fn test_webhook(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    PathId(id): PathId<WebhookId>,
) -> Result<(StatusCode, Json<WebhookDeliveryObject>), Problem> {
    let (job, delivery) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let job = store::webhooks::send_test(tx, id).await?;
            let delivery = store::webhooks::find_delivery(tx, id, WebhookDeliveryId(job.0)).await?;
            Ok::<_, Problem>((job, delivery))
        })
        .await?;
    state.queue.push(&[dispatch(job, caller.tenant())]).await;
    Ok((
        StatusCode::ACCEPTED,
        Json(WebhookDeliveryObject::of(delivery, Vec::new())),
    ))
}
