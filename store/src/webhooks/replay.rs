use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx, WebhookDeliveryId, WebhookId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Nullable, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// A delivery that is carried out again, by this job, under the id it has.
#[derive(Clone, Debug, QueryableByName)]
pub struct Replayed {
    #[diesel(sql_type = Uuid)]
    pub id: WebhookDeliveryId,
    #[diesel(sql_type = Uuid)]
    pub job_id: JobId,
}

/// Carries one delivery out again, delivered or not.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] while it is pending, or when its webhook is disabled.
pub async fn replay(tx: &mut TenantTx, endpoint: WebhookId, id: WebhookDeliveryId) -> Result<Replayed, StoreError> {
    let found = super::find_delivery(tx, endpoint, id).await?;
    enabled(tx, endpoint).await?;
    let pending = StoreError::Conflict {
        what: "the delivery is being tried already",
    };
    if found.state == "pending" {
        return Err(pending);
    }
    write(tx, endpoint, Some(id), None, 1).await?.pop().ok_or(pending)
}

/// Carries out again the deliveries that have failed, of events since an instant, oldest first, up to `limit`.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the webhook is disabled.
pub async fn replay_failed(
    tx: &mut TenantTx,
    endpoint: WebhookId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Replayed>, StoreError> {
    enabled(tx, endpoint).await?;
    write(tx, endpoint, None, Some(since), limit).await
}

async fn enabled(tx: &mut TenantTx, endpoint: WebhookId) -> Result<(), StoreError> {
    if super::find(tx, endpoint).await?.enabled {
        return Ok(());
    }
    Err(StoreError::Conflict {
        what: "the webhook is disabled: enable it first",
    })
}

/// `delivery_job` as the statements of `events.rs` make it, for deliveries that there are.
const REPLAY: &str = "WITH chosen AS MATERIALIZED (
             SELECT d.id FROM webhook_deliveries d
             WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND ($3 IS NULL OR d.id = $3)
               AND ($4 IS NULL OR (d.created_at >= $4 AND coalesce(d.outcome, 'failed') = 'failed'))
               AND (d.outcome IS NOT NULL OR NOT EXISTS (
                   SELECT FROM jobs j WHERE j.tenant_id = d.tenant_id AND j.id = ANY(array_append('{}', d.job_id)) AND j.state NOT IN ('succeeded', 'dead', 'cancelled')))
             ORDER BY d.id LIMIT $5 FOR UPDATE OF d
         ), again AS MATERIALIZED (
             SELECT id, uuid_v7() AS job_id FROM chosen
         ), delivery AS (
             UPDATE webhook_deliveries d SET job_id = a.job_id, outcome = NULL, ended_at = NULL
             FROM again a WHERE d.tenant_id = $1 AND d.id = a.id
         ), delivery_job AS (
             INSERT INTO jobs (id, tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, max_attempts)
             SELECT job_id, $1, 'delivery', 'deliver_webhook', 1, false, 'queued', 1, now(), 10 FROM again
         ), delivery_body AS (
             INSERT INTO job_bodies (tenant_id, job_id, payload) SELECT $1, job_id, jsonb_build_object('delivery_id', id) FROM again
         )
         SELECT id, job_id FROM again ORDER BY id";

async fn write(
    tx: &mut TenantTx,
    endpoint: WebhookId,
    id: Option<WebhookDeliveryId>,
    since: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Replayed>, StoreError> {
    Ok(sql_query(REPLAY)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(endpoint)
        .bind::<Nullable<Uuid>, _>(id)
        .bind::<Nullable<Timestamptz>, _>(since)
        .bind::<BigInt, _>(limit)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhooks::{DELIVERY_ATTEMPTS, DELIVERY_KIND, DELIVERY_POOL, DELIVERY_PRIORITY};

    #[test]
    fn a_replay_makes_the_jobs_that_the_constants_describe() {
        let made = format!(
            "'{DELIVERY_POOL}', '{DELIVERY_KIND}', 1, false, 'queued', {DELIVERY_PRIORITY}, now(), {DELIVERY_ATTEMPTS} FROM again"
        );
        assert!(REPLAY.contains(&made), "{made}");
    }
}
