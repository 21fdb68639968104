use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::webhooks::{Delivery, LoggedAttempt};
use utoipa::ToSchema;
use uuid::Uuid;

/// One event for one webhook, and what was tried.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct WebhookDeliveryObject {
    /// The `webhook-id` of every attempt, replays included.
    pub(crate) id: Uuid,
    #[serde(rename = "type")]
    #[schema(example = "job.succeeded")]
    pub(crate) event: String,
    /// `pending`, `delivered` or `failed`.
    pub(crate) state: String,
    /// The payload's `data`.
    #[schema(value_type = Object)]
    pub(crate) data: Value,
    /// The job that carries it out.
    pub(crate) job_id: Uuid,
    /// When the event happened.
    pub(crate) created_at: DateTime<Utc>,
    #[schema(required = true)]
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// While it is pending and not being tried at this moment.
    #[schema(required = true)]
    pub(crate) next_attempt_at: Option<DateTime<Utc>>,
    /// Oldest first.
    pub(crate) attempts: Vec<WebhookAttemptObject>,
}

/// One attempt at a delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub(crate) struct WebhookAttemptObject {
    /// From 1, over all replays.
    pub(crate) attempt: i32,
    pub(crate) attempted_at: DateTime<Utc>,
    pub(crate) took_ms: i32,
    /// Null: there was no answer.
    #[schema(required = true)]
    pub(crate) status: Option<i16>,
    /// The first 300 characters of the answer.
    #[schema(required = true)]
    pub(crate) response_excerpt: Option<String>,
    /// Null: it was delivered.
    #[schema(required = true)]
    pub(crate) error: Option<WebhookAttemptError>,
}

/// Why an attempt failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookAttemptError {
    /// `status`, `timeout`, `unreachable`, `address_refused`, `webhook_disabled`, `invalid_url` or `not_configured`.
    pub(crate) code: String,
    pub(crate) message: String,
}

impl WebhookDeliveryObject {
    pub(crate) fn of(delivery: Delivery, attempts: Vec<LoggedAttempt>) -> Self {
        Self {
            id: delivery.id.0,
            event: delivery.event,
            state: delivery.state,
            data: delivery.data,
            job_id: delivery.job_id.0,
            created_at: delivery.created_at,
            ended_at: delivery.ended_at,
            next_attempt_at: delivery.next_attempt_at,
            attempts: attempts.into_iter().map(WebhookAttemptObject::from).collect(),
        }
    }
}

impl From<LoggedAttempt> for WebhookAttemptObject {
    fn from(logged: LoggedAttempt) -> Self {
        let error = logged.error_code.map(|code| WebhookAttemptError {
            code,
            message: logged.error_message.unwrap_or_default(),
        });
        Self {
            attempt: logged.attempt,
            attempted_at: logged.attempted_at,
            took_ms: logged.took_ms,
            status: logged.status,
            response_excerpt: logged.response_excerpt,
            error,
        }
    }
}
