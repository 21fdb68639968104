use super::fields::{check_url, description, events, kinds};
use crate::extract::{Authorized, Fields, FromFields, IfMatch, JsonBody, PathId, WebhooksWrite};
use crate::views::{Tagged, WebhookObject, etag};
use crate::{ApiState, Problem};
use axum::extract::State;
use config::Settings;
use store::WebhookId;
use store::webhooks::Changes;
use utoipa::ToSchema;

/// What is to be different; what is absent stays as it is, and `null` is what it is by default.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct WebhookPatch {
    #[schema(max_length = 2048)]
    url: Option<String>,
    events: Option<Vec<String>>,
    /// `["*"]`: of any kind.
    kinds: Option<Vec<String>>,
    #[schema(max_length = 500)]
    description: Option<String>,
    /// True also clears `disabled_reason`.
    enabled: Option<bool>,
}

#[derive(Debug)]
pub(crate) struct UpdateWebhook(Changes);

impl FromFields for UpdateWebhook {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        ["url", "events"].into_iter().for_each(|name| fields.refuse_null(name));
        let (any_kind, no_description, enabled) = (
            fields.is_null("kinds"),
            fields.is_null("description"),
            fields.is_null("enabled"),
        );
        Some(Self(Changes {
            url: fields.optional_text("url", 1..=2048),
            events: fields.value("events").and_then(|value| events(fields, value)),
            kinds: fields
                .value("kinds")
                .and_then(|value| kinds(fields, value))
                .or_else(|| any_kind.then_some(None)),
            description: description(fields).or_else(|| no_description.then(String::new)),
            enabled: fields.optional_bool("enabled").or_else(|| enabled.then_some(true)),
        }))
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_url(fields, settings);
    }
}

/// Change a webhook
///
/// Deliveries that are pending go to the new address. One that was disabled is enabled by `{"enabled": true}`.
#[utoipa::path(
    patch,
    path = "/v1/webhooks/{id}",
    tag = "Webhooks",
    security(("api_key" = ["webhooks:write"])),
    params(
        ("id" = Uuid, Path, description = "The webhook."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the webhook as it was read."),
    ),
    request_body = WebhookPatch,
    responses(
        (status = 200, description = "The webhook as it is now.", body = WebhookObject, headers(("ETag" = String, description = "For If-Match."))),
        (status = 400, description = "If-Match cannot be understood."),
        (status = 404, description = "There is no such webhook."),
        (status = 412, description = "It has changed since it was read."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn update_webhook(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    PathId(id): PathId<WebhookId>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<UpdateWebhook>,
) -> Result<Tagged<WebhookObject>, Problem> {
    let if_match = &if_match;
    let UpdateWebhook(changes) = value;
    let changed = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let before = store::webhooks::lock(tx, id).await?;
            if_match.check(&etag(&WebhookObject::from(before))?)?;
            Ok::<_, Problem>(store::webhooks::change(tx, id, &changes).await?)
        })
        .await?;
    Ok(Tagged(changed.into()))
}
