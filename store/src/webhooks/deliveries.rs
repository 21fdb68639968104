use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx, WebhookDeliveryId, WebhookId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Another attempt follows.
    Pending,
    Delivered,
    /// No other attempt follows, unless it is replayed.
    Failed,
}

impl DeliveryState {
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// One event for one webhook.
#[derive(Clone, Debug, QueryableByName)]
pub struct Delivery {
    #[diesel(sql_type = Uuid)]
    pub id: WebhookDeliveryId,
    #[diesel(sql_type = Text)]
    pub event: String,
    /// See [`DeliveryState`].
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Jsonb)]
    pub data: Value,
    #[diesel(sql_type = Uuid)]
    pub job_id: JobId,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ended_at: Option<DateTime<Utc>>,
    /// While it is pending and not being tried.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// Its job tells a delivery that is tried again from one whose job was cancelled, or lost every worker.
const SELECT: &str = "SELECT d.id, d.type AS event, s.state, d.data, d.job_id, d.created_at, d.ended_at,
        CASE WHEN s.state = 'pending' AND j.state <> 'running' THEN j.run_at END AS next_attempt_at
    FROM webhook_deliveries d
    LEFT JOIN LATERAL (
        SELECT id, state, run_at FROM jobs WHERE d.outcome IS NULL AND tenant_id = d.tenant_id AND id = d.job_id
        OFFSET 0 -- Looked up for those only, each in its partition, instead of all jobs being read.
    ) j ON true
    CROSS JOIN LATERAL (SELECT CASE
        WHEN d.outcome IS NOT NULL THEN d.outcome
        WHEN j.id IS NULL OR j.state IN ('succeeded', 'dead', 'cancelled') THEN 'failed'
        ELSE 'pending' END AS state) s";

/// Which deliveries.
#[derive(Clone, Debug)]
pub struct DeliveryFilter {
    pub endpoint: WebhookId,
    pub state: Option<DeliveryState>,
    /// Where the previous page ended.
    pub before: Option<WebhookDeliveryId>,
    pub limit: i64,
}

/// The webhook's deliveries, newest first.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such webhook.
pub async fn list_deliveries(tx: &mut TenantTx, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
    super::find(tx, filter.endpoint).await?;
    Ok(sql_query(format!(
        "{SELECT} WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND ($3 IS NULL OR s.state = $3 AND (d.outcome IS NULL OR d.outcome = $3)) AND ($4 IS NULL OR d.id < $4)
         ORDER BY d.id DESC LIMIT $5"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(filter.endpoint)
    .bind::<Nullable<Text>, _>(filter.state.map(DeliveryState::as_str))
    .bind::<Nullable<Uuid>, _>(filter.before)
    .bind::<BigInt, _>(filter.limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// # Errors
/// [`StoreError::NotFound`], also when it is another webhook's.
pub async fn find_delivery(
    tx: &mut TenantTx,
    endpoint: WebhookId,
    id: WebhookDeliveryId,
) -> Result<Delivery, StoreError> {
    sql_query(format!(
        "{SELECT} WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.id = $3"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(endpoint)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "delivery"))
}

/// An attempt, as the log has it.
#[derive(Clone, Debug, QueryableByName)]
pub struct LoggedAttempt {
    #[diesel(sql_type = Uuid)]
    pub delivery_id: WebhookDeliveryId,
    #[diesel(sql_type = Integer)]
    pub attempt: i32,
    #[diesel(sql_type = Timestamptz)]
    pub attempted_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    pub took_ms: i32,
    #[diesel(sql_type = Nullable<SmallInt>)]
    pub status: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    pub response_excerpt: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub error_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub error_message: Option<String>,
}

/// What was tried for these deliveries, oldest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn attempts_of(tx: &mut TenantTx, ids: &[WebhookDeliveryId]) -> Result<Vec<LoggedAttempt>, StoreError> {
    Ok(sql_query(
        "SELECT delivery_id, attempt, attempted_at, took_ms, status, response_excerpt, error_code, error_message
         FROM webhook_attempts WHERE tenant_id = $1 AND delivery_id = ANY($2) ORDER BY delivery_id, attempt",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
