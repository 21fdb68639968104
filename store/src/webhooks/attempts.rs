use super::events::TELL_OTHERS;
use super::{OLDER_SECRETS, WebhookSecret};
use crate::effects::hold;
use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::secrets::MasterKeys;
use crate::{JobId, StoreError, TenantTx, WebhookDeliveryId, WebhookId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Binary, Bool, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// What is to be sent, and where.
#[derive(Clone, Debug, QueryableByName)]
pub struct ToDeliver {
    #[diesel(sql_type = Uuid)]
    pub endpoint: WebhookId,
    #[diesel(sql_type = Text)]
    pub url: String,
    #[diesel(sql_type = Bool)]
    pub enabled: bool,
    #[diesel(sql_type = Text)]
    pub event: String,
    #[diesel(sql_type = Jsonb)]
    pub data: Value,
    /// When the event happened.
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Binary)]
    secret: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    previous_secret: Option<Vec<u8>>,
    #[diesel(sql_type = Array<Binary>)]
    older_secrets: Vec<Vec<u8>>,
}

impl ToDeliver {
    /// What signs: the present secret first, and those before while they are still good.
    ///
    /// # Errors
    /// [`StoreError::Seal`].
    pub fn secrets(&self, tx: &TenantTx, key: &MasterKeys) -> Result<Vec<WebhookSecret>, StoreError> {
        let sealed = std::iter::once(&self.secret)
            .chain(&self.previous_secret)
            .chain(&self.older_secrets);
        sealed
            .map(|sealed| Ok(WebhookSecret::open(key, tx.tenant, self.endpoint, sealed)?))
            .collect()
    }
}

/// What the job is to send. `None`: the delivery or its webhook was deleted, or another job carries it out by now.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn find_to_deliver(
    tx: &mut TenantTx,
    delivery: WebhookDeliveryId,
    job: JobId,
) -> Result<Option<ToDeliver>, StoreError> {
    Ok(sql_query(format!(
        "SELECT w.id AS endpoint, w.url, w.enabled, d.type AS event, d.data, d.created_at, w.secret,
                CASE WHEN w.previous_secret_until > now() THEN w.previous_secret END AS previous_secret, {OLDER_SECRETS}
         FROM webhook_deliveries d JOIN webhook_endpoints w ON w.tenant_id = d.tenant_id AND w.id = d.endpoint_id
         WHERE d.tenant_id = $1 AND d.id = $2 AND d.job_id = $3"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(delivery)
    .bind::<Uuid, _>(job)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?)
}

/// One attempt at a delivery.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub took_ms: i32,
    /// `None`: there was no answer.
    pub status: Option<i16>,
    pub response_excerpt: Option<String>,
    /// Code and message; `None`: it was delivered.
    pub error: Option<(String, String)>,
    /// No other attempt follows.
    pub is_last: bool,
}

/// Writes the attempt down under the lease of the job that made it, and the delivery's outcome with its last. Nothing is written when the
/// delivery was deleted meanwhile.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another worker has the job.
pub async fn record_attempt(
    tx: &mut TenantTx,
    held: Held,
    delivery: WebhookDeliveryId,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    hold(tx, held).await?;
    let (code, message) = match &attempt.error {
        Some((code, message)) => (Some(code), Some(message)),
        None => (None, None),
    };
    sql_query(
        "WITH delivery AS (
             UPDATE webhook_deliveries SET outcome = CASE WHEN $9 THEN CASE WHEN $7 IS NULL THEN 'delivered' ELSE 'failed' END END,
                    ended_at = CASE WHEN $9 THEN now() END
             WHERE tenant_id = $1 AND id = $2 AND job_id = $3 RETURNING id
         )
         INSERT INTO webhook_attempts (tenant_id, delivery_id, attempt, attempted_at, took_ms, status, response_excerpt, error_code, error_message)
         SELECT $1, id, (SELECT coalesce(max(attempt), 0) + 1 FROM webhook_attempts WHERE tenant_id = $1 AND delivery_id = $2),
                clock_timestamp() - $4 * interval '1 millisecond', $4, $5, $6, $7, $8 FROM delivery",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(delivery)
    .bind::<Uuid, _>(held.id)
    .bind::<Integer, _>(attempt.took_ms)
    .bind::<Nullable<SmallInt>, _>(attempt.status)
    .bind::<Nullable<Text>, _>(attempt.response_excerpt.as_deref())
    .bind::<Nullable<Text>, _>(code)
    .bind::<Nullable<Text>, _>(message)
    .bind::<Bool, _>(attempt.is_last)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// What an attempt says of the webhook itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Works,
    Fails,
    /// Its receiver said that it is gone for good.
    Gone,
}

impl Health {
    /// Also why a webhook was disabled.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Fails => "failing",
            Self::Gone => "gone",
        }
    }
}

#[derive(QueryableByName)]
struct Disabled {
    #[diesel(sql_type = Uuid)]
    #[expect(dead_code, reason = "that there is a row is the answer")]
    id: WebhookId,
}

/// Notes how the webhook does, and disables one that is gone, or that has only failed for `after_days` and failed an hour or more ago within the last day too: one
/// that is told little must not be given up for one bad moment after days of silence. The tenant's other webhooks are told of it (`webhook.disabled`). Returns whether this disabled it.
/// A healthy webhook's row is not written, and neither is one that has another address by now than `sent_to`: what an earlier one does says nothing of it.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn disable_failing(
    tx: &mut TenantTx,
    endpoint: WebhookId,
    sent_to: &str,
    health: Health,
    after_days: i32,
) -> Result<bool, StoreError> {
    if health == Health::Works {
        sql_query(
            "UPDATE webhook_endpoints SET failing_since = NULL WHERE tenant_id = $1 AND id = $2 AND url = $3 AND failing_since IS NOT NULL",
        )
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(endpoint)
        .bind::<Text, _>(sent_to)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
        return Ok(false);
    }
    sql_query(
        "UPDATE webhook_endpoints SET failing_since = now() WHERE tenant_id = $1 AND id = $2 AND url = $3 AND failing_since IS NULL",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(endpoint)
    .bind::<Text, _>(sent_to)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    let disabled: Vec<Disabled> = sql_query(format!(
        "WITH disabled AS (
         UPDATE webhook_endpoints SET enabled = false, disabled_reason = $3, disabled_at = now(), updated_at = now()
         WHERE tenant_id = $1 AND id = $2 AND url = $5 AND enabled AND ($3 = 'gone' OR failing_since < now() - $4 * interval '1 day' AND EXISTS (
             SELECT FROM webhook_deliveries d JOIN webhook_attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id
             WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND a.error_code IS NOT NULL
               AND a.attempted_at BETWEEN now() - interval '1 day' AND now() - interval '1 hour'))
         RETURNING tenant_id, id, description, disabled_reason, failing_since, disabled_at), {TELL_OTHERS}
         SELECT id FROM disabled"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(endpoint)
    .bind::<Text, _>(health.as_str())
    .bind::<Integer, _>(after_days)
    .bind::<Text, _>(sent_to)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(!disabled.is_empty())
}
