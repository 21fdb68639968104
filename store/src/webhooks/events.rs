use crate::prepared::Prepare;
use crate::{DocumentId, JobId, StoreError, TenantTx, WebhookId};
use diesel::sql_types::{Array, Text, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// What webhooks can be told of.
pub const EVENT_TYPES: [&str; 7] = [
    "job.succeeded",
    "job.dead",
    "job.cancelled",
    "document.ready",
    "document.failed",
    "document.deleted",
    "webhook.disabled",
];
/// What stands for several of them.
pub const EVENT_PATTERNS: [&str; 4] = ["*", "job.*", "document.*", "webhook.*"];
/// What is sent to try a webhook out; nobody subscribes to it.
pub const TEST_EVENT: &str = "webhook.test";

/// The job that carries a delivery out, as the statements below make it.
pub const DELIVERY_KIND: &str = "deliver_webhook";
pub const DELIVERY_POOL: &str = "delivery";
pub const DELIVERY_PRIORITY: i16 = 1;
pub const DELIVERY_ATTEMPTS: i16 = 10;

/// CTEs that write a delivery and its job for each row of the CTE `told`: `(tenant_id, id, endpoint_id, type, data, trace_context)`.
macro_rules! deliveries {
    () => {
        ", delivery AS (
    INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, type, data, job_id, created_at)
    SELECT tenant_id, id, endpoint_id, type, data, id, clock_timestamp() FROM told
), delivery_job AS (
    INSERT INTO jobs (id, tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, max_attempts, trace_context)
    SELECT id, tenant_id, 'delivery', 'deliver_webhook', 1, false, 'queued', 1, now(), 10, trace_context FROM told
), delivery_body AS (
    INSERT INTO job_bodies (tenant_id, job_id, payload) SELECT tenant_id, id, jsonb_build_object('delivery_id', id) FROM told
)"
    };
}

/// CTEs that tell webhooks of each end, from the CTE `ended`: rows of `jobs` that may have ended, with `result`
/// and `error`. Part of every statement that ends jobs, so that the event and the end are committed together. Interactive jobs and
/// deliveries tell nobody.
pub(crate) const TELL_WEBHOOKS: &str = concat!(
    "
told AS MATERIALIZED (
    SELECT e.tenant_id, uuid_v7() AS id, e.endpoint_id, t.type, e.trace_context,
           CASE WHEN t.type LIKE 'job.%' THEN jsonb_build_object(
               'id', e.id, 'kind', e.kind, 'pool', e.pool, 'state', e.state, 'attempt', e.attempt, 'max_attempts', e.max_attempts,
               'error', e.error, 'document_id', e.document_id, 'created_at', utc_text(e.created_at),
               'started_at', utc_text(e.started_at), 'finished_at', utc_text(e.finished_at), 'url', '/v1/jobs/' || e.id)
           ELSE jsonb_build_object(
               'id', e.document_id, 'state', split_part(t.type, '.', 2), 'job_id', e.id, 'error', e.error,
               'url', '/v1/documents/' || e.document_id) END AS data
    FROM (
        SELECT e.*, w.id AS endpoint_id, w.events FROM ended e
        JOIN webhook_endpoints w ON w.tenant_id = e.tenant_id AND w.enabled AND (w.kinds IS NULL OR e.kind = ANY (w.kinds))
        WHERE e.state IN ('succeeded', 'dead', 'cancelled') AND NOT e.interactive AND e.kind <> 'deliver_webhook'
        OFFSET 0 -- What follows is worked out for those only that have somebody to tell.
    ) e
    CROSS JOIN LATERAL unnest(webhook_event_types(e.kind, e.state, e.result)) AS t (type)
    WHERE e.events && ARRAY['*', t.type, split_part(t.type, '.', 1) || '.*']
)",
    deliveries!()
);

/// CTEs that tell the tenant's other webhooks of one that was disabled, from the CTE `disabled`: its row. A webhook for some kinds of jobs only is told where it names the event.
pub(crate) const TELL_OTHERS: &str = concat!(
    "
told AS MATERIALIZED (
    SELECT d.tenant_id, uuid_v7() AS id, w.id AS endpoint_id, 'webhook.disabled' AS type, NULL::text AS trace_context, jsonb_build_object(
               'id', d.id, 'description', d.description, 'reason', d.disabled_reason, 'failing_since', utc_text(d.failing_since),
               'disabled_at', utc_text(d.disabled_at), 'url', '/v1/webhooks/' || d.id) AS data
    FROM disabled d JOIN webhook_endpoints w ON w.tenant_id = d.tenant_id AND w.id <> d.id AND w.enabled
    WHERE w.events && ARRAY['webhook.disabled', 'webhook.*'] OR '*' = ANY (w.events) AND w.kinds IS NULL
)",
    deliveries!()
);

const TELL_OF_DELETED: &str = concat!(
    "WITH told AS MATERIALIZED (
    SELECT j.tenant_id, uuid_v7() AS id, w.id AS endpoint_id, 'document.deleted' AS type, j.trace_context, jsonb_build_object(
               'id', d.id, 'state', 'deleted', 'job_id', j.id, 'error', NULL, 'url', '/v1/documents/' || d.id) AS data
    FROM jobs j
    JOIN webhook_endpoints w ON w.tenant_id = j.tenant_id AND w.enabled AND (w.kinds IS NULL OR j.kind = ANY (w.kinds))
    CROSS JOIN unnest($3) AS d (id)
    WHERE j.tenant_id = $1 AND j.id = $2 AND w.events && ARRAY['*', 'document.deleted', 'document.*']
)",
    deliveries!(),
    " SELECT FROM told"
);

const SEND_TEST: &str = concat!(
    "WITH told AS MATERIALIZED (
    SELECT w.tenant_id, uuid_v7() AS id, w.id AS endpoint_id, $3 AS type, NULL::text AS trace_context,
           jsonb_build_object('webhook_id', w.id, 'message', 'This webhook works.') AS data
    FROM webhook_endpoints w WHERE w.tenant_id = $1 AND w.id = $2 AND w.enabled
)",
    deliveries!(),
    " SELECT id FROM told"
);

/// Tells webhooks of documents that a job of many deletes: one whose end says `document.deleted` deletes one.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn tell_of_deleted(tx: &mut TenantTx, job: JobId, documents: &[DocumentId]) -> Result<(), StoreError> {
    sql_query(TELL_OF_DELETED)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(job)
        .bind::<Array<Uuid>, _>(documents)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Sent {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

/// Sends a test event to the webhook, whatever it is subscribed to. Returns the delivery's id, which is its job's as well.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the webhook is disabled.
pub async fn send_test(tx: &mut TenantTx, endpoint: WebhookId) -> Result<JobId, StoreError> {
    let sent: Option<Sent> = sql_query(SEND_TEST)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(endpoint)
        .bind::<Text, _>(TEST_EVENT)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .optional()?;
    match sent {
        Some(sent) => Ok(sent.id),
        None => {
            super::find(tx, endpoint).await?;
            Err(StoreError::Conflict {
                what: "the webhook is disabled",
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_makes_the_jobs_that_the_constants_describe() {
        let made = format!(
            "'{DELIVERY_POOL}', '{DELIVERY_KIND}', 1, false, 'queued', {DELIVERY_PRIORITY}, now(), {DELIVERY_ATTEMPTS}"
        );
        assert!(TELL_WEBHOOKS.contains(&made) && TELL_OTHERS.contains(&made), "{made}");
        assert!(TELL_WEBHOOKS.contains(&format!("e.kind <> '{DELIVERY_KIND}'")));
    }
}
