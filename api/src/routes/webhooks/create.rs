use super::fields::{check_url, description, events, kinds, master_key};
use crate::extract::{Authorized, Fields, FromFields, JsonBody, WebhooksWrite};
use crate::views::WebhookSecretObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use config::Settings;
use store::webhooks::NewEndpoint;
use utoipa::ToSchema;

/// A webhook to be made.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct NewWebhook {
    /// https, on the public internet, without a user name or password.
    #[schema(example = "https://example.com/hooks/visualkit", max_length = 2048)]
    url: String,
    /// `job.succeeded`, `job.dead`, `job.cancelled`, `document.ready`, `document.failed`, `document.deleted`, `webhook.disabled`; `job.*`, `document.*`, `webhook.*` or `*`.
    #[schema(example = json!(["job.dead", "document.*"]))]
    events: Vec<String>,
    /// Only of jobs of these kinds; `["*"]`, the default: of any.
    kinds: Option<Vec<String>>,
    #[schema(max_length = 500)]
    description: Option<String>,
    /// True by default.
    enabled: Option<bool>,
}

#[derive(Debug)]
pub(crate) struct CreateWebhook(NewEndpoint);

impl FromFields for CreateWebhook {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let url = fields.text("url", 1..=2048);
        let events = fields.required_value("events").and_then(|value| events(fields, value));
        let kinds = fields.value("kinds").and_then(|value| kinds(fields, value)).flatten();
        let description = description(fields).unwrap_or_default();
        let enabled = fields.optional_bool("enabled").unwrap_or(true);
        Some(Self(NewEndpoint {
            url: url?,
            description,
            events: events?,
            kinds,
            enabled,
        }))
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_url(fields, settings);
    }
}

/// Make a webhook
///
/// The answer holds the secret that deliveries are signed with; it is never shown again.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:write"])),
    request_body = NewWebhook,
    responses(
        (status = 201, description = "The webhook, with its secret.", body = WebhookSecretObject, headers(("Location" = String, description = "The webhook."))),
        (status = 409, description = "The tenant has as many webhooks as it may have."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn create_webhook(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    JsonBody { value, .. }: JsonBody<CreateWebhook>,
) -> Result<(StatusCode, [(&'static str, String); 1], Json<WebhookSecretObject>), Problem> {
    let (CreateWebhook(new), limit) = (value, i64::from(state.settings.webhooks.per_tenant));
    let key = master_key(&state)?;
    let made = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::webhooks::create(tx, &key, &new, limit).await
        })
        .await?;
    let made = WebhookSecretObject::of(made);
    let location = [("location", format!("/v1/webhooks/{}", made.webhook.id))];
    Ok((StatusCode::CREATED, location, Json(made)))
}
