use crate::extract::{Authorized, Cursor, FromQuery, PathId, Query, QueryFields, WebhooksRead};
use crate::views::{Page, WebhookDeliveryObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use std::collections::HashMap;
use store::webhooks::{DeliveryFilter, DeliveryState, LoggedAttempt};
use store::{WebhookDeliveryId, WebhookId};
use uuid::Uuid;

/// Which page of which deliveries.
pub(crate) struct ListDeliveries {
    state: Option<DeliveryState>,
    before: Option<WebhookDeliveryId>,
    limit: i64,
}

impl FromQuery for ListDeliveries {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        let states = DeliveryState::ALL.map(DeliveryState::as_str);
        Ok(Self {
            state: query.choice("state", &states, |text| {
                DeliveryState::ALL.into_iter().find(|state| state.as_str() == text)
            }),
            before: before.map(WebhookDeliveryId),
            limit: query.limit(),
        })
    }
}

/// List the deliveries of a webhook
///
/// The newest first, each with what was tried and what was answered.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}/deliveries",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:read"])),
    params(
        ("id" = Uuid, Path, description = "The webhook."),
        ("state" = Option<String>, Query, description = "`pending`, `delivered` or `failed`."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<WebhookDeliveryObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such webhook."),
    )
)]
pub(crate) async fn list_deliveries(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksRead>,
    PathId(id): PathId<WebhookId>,
    Query(asked): Query<ListDeliveries>,
) -> Result<Json<Page<WebhookDeliveryObject>>, Problem> {
    let limit = asked.limit;
    let filter = DeliveryFilter {
        endpoint: id,
        state: asked.state,
        before: asked.before,
        limit: limit + 1,
    };
    let (rows, attempts) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let rows = store::webhooks::list_deliveries(tx, &filter).await?;
            let ids: Vec<WebhookDeliveryId> = rows.iter().map(|row| row.id).collect();
            let attempts = store::webhooks::attempts_of(tx, &ids).await?;
            Ok::<_, Problem>((rows, attempts))
        })
        .await?;
    let mut of_delivery: HashMap<WebhookDeliveryId, Vec<LoggedAttempt>> = HashMap::new();
    for attempt in attempts {
        of_delivery.entry(attempt.delivery_id).or_default().push(attempt);
    }
    let rows = rows
        .into_iter()
        .map(|row| {
            let attempts = of_delivery.remove(&row.id).unwrap_or_default();
            WebhookDeliveryObject::of(row, attempts)
        })
        .collect();
    Ok(Json(Page::of(
        rows,
        limit,
        |row: &WebhookDeliveryObject| row.id,
        |row| row,
    )))
}
