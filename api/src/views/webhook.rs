use super::Versioned;
use chrono::{DateTime, Utc};
use config::ExposeSecret;
use serde::Serialize;
use store::webhooks::{Endpoint, WebhookSecret};
use utoipa::ToSchema;
use uuid::Uuid;

/// An address that is told of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookObject {
    pub(crate) id: Uuid,
    pub(crate) url: String,
    pub(crate) description: String,
    /// `job.succeeded`, `job.dead`, `job.cancelled`, `document.ready`, `document.failed`, `document.deleted`, `webhook.disabled`; `job.*`, `document.*`, `webhook.*` or `*`.
    pub(crate) events: Vec<String>,
    /// Only of jobs of these kinds; null: of any.
    #[schema(required = true)]
    pub(crate) kinds: Option<Vec<String>>,
    pub(crate) enabled: bool,
    /// When it was disabled for its tenant: `failing` (only failures for days) or `gone` (it answered 410). Enabling it clears this.
    #[schema(required = true)]
    pub(crate) disabled_reason: Option<String>,
    #[schema(required = true)]
    pub(crate) disabled_at: Option<DateTime<Utc>>,
    /// The first failed attempt since the last that succeeded.
    #[schema(required = true)]
    pub(crate) failing_since: Option<DateTime<Utc>>,
    /// Until when the secret before the present one signs too. Those before it end sooner.
    #[schema(required = true)]
    pub(crate) previous_secret_until: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Versioned for WebhookObject {
    const MOVES_BY_ITSELF: &'static [&'static str] = &["failing_since", "previous_secret_until"];
}

impl From<Endpoint> for WebhookObject {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id.0,
            url: endpoint.url,
            description: endpoint.description,
            events: endpoint.events,
            kinds: endpoint.kinds,
            enabled: endpoint.enabled,
            disabled_reason: endpoint.disabled_reason,
            disabled_at: endpoint.disabled_at,
            failing_since: endpoint.failing_since,
            previous_secret_until: endpoint.previous_secret_until,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
        }
    }
}

/// A webhook with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub(crate) struct WebhookSecretObject {
    #[serde(flatten)]
    pub(crate) webhook: WebhookObject,
    /// What deliveries are signed with, as the libraries of Standard Webhooks take it.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

impl WebhookSecretObject {
    pub(crate) fn of((endpoint, secret): (Endpoint, WebhookSecret)) -> Self {
        Self {
            webhook: endpoint.into(),
            secret: secret.to_text().expose_secret().to_owned(),
        }
    }
}
