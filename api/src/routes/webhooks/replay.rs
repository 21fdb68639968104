use super::dispatch::dispatch;
use crate::extract::{Authorized, DeliveryPath, WebhooksWrite};
use crate::views::WebhookDeliveryObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Replay a delivery
///
/// Sends it again, delivered or not, with the `webhook-id` that it has: a receiver that has seen it can tell.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/deliveries/{delivery_id}/replay",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:write"])),
    params(
        ("id" = Uuid, Path, description = "The webhook."),
        ("delivery_id" = Uuid, Path, description = "The delivery."),
    ),
    responses(
        (status = 202, description = "The delivery, pending.", body = WebhookDeliveryObject),
        (status = 404, description = "There is no such webhook or delivery."),
        (status = 409, description = "The delivery is being tried already, or the webhook is disabled."),
    )
)]
pub(crate) async fn replay_delivery(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    path: DeliveryPath,
) -> Result<(StatusCode, Json<WebhookDeliveryObject>), Problem> {
    let (job, delivery) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let replayed = store::webhooks::replay(tx, path.webhook, path.delivery).await?;
            let delivery = store::webhooks::find_delivery(tx, path.webhook, path.delivery).await?;
            let attempts = store::webhooks::attempts_of(tx, &[path.delivery]).await?;
            Ok::<_, Problem>((replayed.job_id, WebhookDeliveryObject::of(delivery, attempts)))
        })
        .await?;
    state.queue.push(&[dispatch(job, caller.tenant())]).await;
    Ok((StatusCode::ACCEPTED, Json(delivery)))
}
