use crate::{Done, Handle, JobContext, JobError};
use integrations::http::{GuardedResponse, HeaderMap, HeaderName, HeaderValue};
use integrations::{IntegrationError, standard_webhooks};
use jobs::kinds::{DeliverWebhook, DeliveredWebhook, DeliveryEnd};
use serde_json::json;
use std::time::{Duration, Instant};
use store::secrets::MasterKeys;
use store::webhooks::{self, Attempt, Health, ToDeliver, WebhookSecret};
use url::Url;

/// What is read, and kept, of an answer.
const ANSWER_BYTES: usize = 1024;

impl Handle for DeliverWebhook {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let Some((deliver, secrets)) = read(&job, &self).await? else {
            return Done::with(&DeliveredWebhook {
                outcome: DeliveryEnd::Obsolete,
            });
        };
        let started = Instant::now();
        let answered = if deliver.enabled {
            send(&job, &self, &deliver, &secrets).await?
        } else {
            Answered::failed(
                "webhook_disabled",
                "The webhook is disabled; nothing was sent.".to_owned(),
            )
        };
        conclude(&job, &self, &deliver, answered, started.elapsed()).await
    }
}

async fn read(job: &JobContext, asked: &DeliverWebhook) -> Result<Option<(ToDeliver, Vec<WebhookSecret>)>, JobError> {
    let Some(key) = MasterKeys::of(&job.app.settings.secrets) else {
        return Err(JobError::not_configured(
            "VISUALKIT_MASTER_KEY is not set for this worker, so that the delivery cannot be signed",
        ));
    };
    job.app
        .store
        .tenant(job.tenant(), async |tx| {
            let Some(found) = webhooks::find_to_deliver(tx, asked.delivery_id, job.id()).await? else {
                return Ok(None);
            };
            let secrets = found.secrets(tx, &key)?;
            Ok(Some((found, secrets)))
        })
        .await
}

/// Writes down what came of the attempt, and ends the job or asks for another attempt.
async fn conclude(
    job: &JobContext,
    asked: &DeliverWebhook,
    deliver: &ToDeliver,
    answered: Answered,
    took: Duration,
) -> Result<Done, JobError> {
    let wait = match answered.health {
        Health::Fails if deliver.enabled => DeliverWebhook::wait_after(job.attempt(), rand::random()),
        _ => None,
    };
    let attempt = Attempt {
        took_ms: i32::try_from(took.as_millis()).unwrap_or(i32::MAX),
        status: answered.status,
        response_excerpt: answered.excerpt,
        error: answered.error.clone(),
        is_last: wait.is_none(),
    };
    let outcome = match &answered.error {
        None => DeliveryEnd::Delivered,
        Some(_) => DeliveryEnd::Failed,
    };
    let after_days = i32::from(job.app.settings.webhooks.disable_after_days);
    let (ended, disabled) = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            webhooks::record_attempt(tx, job.held(), asked.delivery_id, &attempt).await?;
            let disabled = match deliver.enabled {
                true => {
                    webhooks::disable_failing(tx, deliver.endpoint, &deliver.url, answered.health, after_days).await?
                }
                false => false,
            };
            let ended = match wait {
                None => Some(job.finish(tx, &DeliveredWebhook { outcome }).await?),
                Some(_) => None,
            };
            Ok::<_, JobError>((ended, disabled))
        })
        .await?;
    observe(deliver, &attempt, took, disabled.then_some(answered.health));
    match (ended, wait, answered.error) {
        (Some(ended), ..) => Ok(Done::Committed(ended)),
        (None, wait, error) => {
            let (code, message) = error.unwrap_or_default();
            let wait = wait.unwrap_or_default().max(answered.retry_after.unwrap_or_default());
            Err(JobError::retry_after(code, message, wait))
        }
    }
}

/// What came of one attempt.
struct Answered {
    status: Option<i16>,
    excerpt: Option<String>,
    retry_after: Option<Duration>,
    /// Code and message.
    error: Option<(String, String)>,
    health: Health,
}

impl Answered {
    fn failed(code: &str, message: String) -> Self {
        Self {
            status: None,
            excerpt: None,
            retry_after: None,
            error: Some((code.to_owned(), message)),
            health: Health::Fails,
        }
    }

    /// Only 2xx is a success; a redirect is not followed, and 410 says: never again.
    fn of(response: &GuardedResponse) -> Self {
        let status = response.status;
        let failure = |message: String| Some(("status".to_owned(), message));
        let (health, error) = match status.as_u16() {
            200..=299 => (Health::Works, None),
            410 => (
                Health::Gone,
                failure("The receiver answered 410: it is gone for good.".to_owned()),
            ),
            300..=399 => (
                Health::Fails,
                failure(format!("The receiver answered {status}; redirects are not followed.")),
            ),
            _ => (Health::Fails, failure(format!("The receiver answered {status}."))),
        };
        Self {
            status: i16::try_from(status.as_u16()).ok(),
            excerpt: Some(response.excerpt()).filter(|text| !text.is_empty()),
            retry_after: response.retry_after(),
            error,
            health,
        }
    }
}

/// # Errors
/// That this worker cannot send at all, for want of CA certificates: no fault of the webhook, and no attempt at it.
async fn send(
    job: &JobContext,
    asked: &DeliverWebhook,
    deliver: &ToDeliver,
    secrets: &[WebhookSecret],
) -> Result<Answered, JobError> {
    let body = json!({ "type": deliver.event, "timestamp": deliver.created_at, "data": deliver.data }).to_string();
    let (url, headers) = match (Url::parse(&deliver.url), headers(asked, secrets, body.as_bytes())) {
        (Ok(url), Some(headers)) => (url, headers),
        _ => {
            return Ok(Answered::failed(
                "invalid_url",
                "The address cannot be read.".to_owned(),
            ));
        }
    };
    let timeout = Duration::from_secs(job.app.settings.webhooks.timeout_secs);
    let sent = job
        .app
        .http
        .post_for_status(&url, headers, body.into(), timeout, ANSWER_BYTES)
        .await;
    match sent {
        Ok(response) => Ok(Answered::of(&response)),
        Err(error @ IntegrationError::NotConfigured { .. }) => Err(JobError::not_configured(error.to_string())),
        Err(error) => Ok(Answered::failed(code(&error), error.to_string())),
    }
}

/// The timestamp is that of the attempt, the id that of the delivery.
fn headers(asked: &DeliverWebhook, secrets: &[WebhookSecret], body: &[u8]) -> Option<HeaderMap> {
    let (id, timestamp) = (asked.delivery_id.to_string(), chrono::Utc::now().timestamp());
    let signature = standard_webhooks::sign(secrets.iter().map(WebhookSecret::bytes), &id, timestamp, body);
    let values = [
        ("content-type", "application/json".to_owned()),
        (standard_webhooks::ID, id),
        (standard_webhooks::TIMESTAMP, timestamp.to_string()),
        (standard_webhooks::SIGNATURE, signature),
    ];
    values
        .into_iter()
        .map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?)))
        .collect()
}

fn code(error: &IntegrationError) -> &'static str {
    match error {
        IntegrationError::Forbidden { .. } => "address_refused",
        IntegrationError::Timeout { .. } => "timeout",
        _ => "unreachable",
    }
}

fn observe(deliver: &ToDeliver, attempt: &Attempt, took: Duration, disabled: Option<Health>) {
    let outcome = match (&attempt.error, attempt.is_last) {
        (None, _) => "delivered",
        (Some(_), false) => "retrying",
        (Some(_), true) => "failed",
    };
    metrics::counter!("webhook_attempts_total", "outcome" => outcome).increment(1);
    metrics::histogram!("webhook_attempt_duration_seconds").record(took.as_secs_f64());
    if let Some(health) = disabled {
        let reason = health.as_str();
        tracing::warn!(webhook.id = %deliver.endpoint, reason, "webhook disabled");
        metrics::counter!("webhooks_disabled_total", "reason" => reason).increment(1);
    }
}
