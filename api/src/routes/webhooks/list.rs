use crate::extract::{Authorized, OnePage, Query, WebhooksRead};
use crate::views::{Page, WebhookObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;

/// List webhooks
///
/// All of the tenant's, newest first, on one page.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:read"])),
    params(("limit" = Option<i64>, Query, description = "1 to 100. Changes nothing: the list is one page.")),
    responses(
        (status = 200, description = "All of them.", body = Page<WebhookObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
    )
)]
pub(crate) async fn list_webhooks(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksRead>,
    _page: Query<OnePage>,
) -> Result<Json<Page<WebhookObject>>, Problem> {
    let found = state
        .store
        .tenant(caller.tenant(), async move |tx| store::webhooks::list(tx).await)
        .await?;
    Ok(Json(Page::whole(found.into_iter().map(WebhookObject::from).collect())))
}
