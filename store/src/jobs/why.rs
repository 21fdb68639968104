use super::{JobState, PAUSED_EPOCH};
use crate::pauses::IS_PAUSED;
use crate::prepared::Prepare;
use crate::workers::SILENT_AFTER_SECS;
use crate::{JobId, KnowledgeBaseId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// What Postgres knows of why a job does not run.
#[derive(Clone, Debug, QueryableByName)]
pub struct Why {
    #[diesel(sql_type = Text)]
    pub state: JobState,
    /// Whether its worker was told to stop, or it was cancelled.
    #[diesel(sql_type = Bool)]
    pub cancel_requested: bool,
    #[diesel(sql_type = Text)]
    pub pool: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Array<Uuid>)]
    pub knowledge_base_ids: Vec<KnowledgeBaseId>,
    #[diesel(sql_type = SmallInt)]
    pub priority: i16,
    #[diesel(sql_type = Timestamptz)]
    pub run_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    /// By the database's clock.
    #[diesel(sql_type = Timestamptz)]
    pub now: DateTime<Utc>,
    #[diesel(sql_type = SmallInt)]
    pub attempt: i16,
    /// When the attempt began that runs, or ran last.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub attempt_started_at: Option<DateTime<Utc>>,
    /// When the last attempt ended, and with what.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_ended_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub last_error: Option<Value>,
    /// What held it back when it ran last, where that was no failure: what [`Outcome::Snoozed`](super::Outcome::Snoozed) says, with `until`, `since`, `count`.
    /// Below `in_slot`, what it waits for without giving its slot away, or has waited for: [`Progress::waits`](super::Progress::waits), with `since` and `until`.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub snooze: Option<Value>,
    #[diesel(sql_type = Bool)]
    pub paused: bool,
    /// It was paused when it was to be offered to Redis, and has not been since.
    #[diesel(sql_type = Bool)]
    pub put_aside: bool,
    /// The pause that has held it longest: whose it is, its reason, since when.
    #[diesel(sql_type = Nullable<Text>)]
    pub paused_what: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub paused_reason: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub paused_since: Option<DateTime<Utc>>,
    /// The batch that it follows, when that has not ended.
    #[diesel(embed)]
    pub awaited: Awaited,
    #[diesel(sql_type = BigInt)]
    pub live_workers: i64,
    #[diesel(sql_type = BigInt)]
    pub slots: i64,
    /// How many of those are for tenants that hold no other.
    #[diesel(sql_type = BigInt)]
    pub reserved: i64,
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    /// Whether another job of its tenant runs in the pool.
    #[diesel(sql_type = Bool)]
    pub tenant_runs: bool,
    /// When a worker of the pool was last seen alive.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub worker_seen_at: Option<DateTime<Utc>>,
}

/// What pends of the batch that a job follows; all `None` where it waits for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Awaited {
    /// Whether jobs may still be added: then it does not end by itself.
    #[diesel(sql_type = Nullable<Bool>, column_name = awaited_open)]
    pub open: Option<bool>,
    #[diesel(sql_type = Nullable<Integer>, column_name = awaited_total)]
    pub total: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>, column_name = awaited_pending)]
    pub pending: Option<i32>,
}

/// # Errors
/// [`StoreError::NotFound`].
pub async fn why(tx: &mut TenantTx, id: JobId) -> Result<Why, StoreError> {
    sql_query(format!(
        "SELECT j.state, j.cancel_requested, j.pool, j.kind, j.knowledge_base_ids, j.priority, j.run_at, j.created_at, now() AS now, j.attempt, j.attempt_started_at, a.ended_at AS last_ended_at,
                a.error AS last_error, j.snooze, {IS_PAUSED} AS paused, j.dispatch_epoch IS NOT DISTINCT FROM '{PAUSED_EPOCH}' AS put_aside, h.what AS paused_what, h.reason AS paused_reason, h.created_at AS paused_since,
                p.open AS awaited_open, p.total AS awaited_total, p.total - p.succeeded - p.dead - p.cancelled AS awaited_pending,
                w.live AS live_workers, w.slots, w.reserved, w.running, w.seen_at AS worker_seen_at,
                EXISTS (SELECT FROM jobs r WHERE r.tenant_id = $1 AND r.pool = j.pool AND r.state = 'running') AS tenant_runs
         FROM jobs j
         LEFT JOIN LATERAL (
             SELECT ended_at, error FROM job_attempts a WHERE a.tenant_id = j.tenant_id AND a.job_id = j.id AND a.job_id = $2
             ORDER BY run DESC, ended_at DESC LIMIT 1) a ON true
         LEFT JOIN LATERAL (
             SELECT what, reason, created_at FROM (
                 SELECT CASE WHEN p.pool IS NULL THEN 'the operator has paused the kind ' || p.kind
                             WHEN p.kind IS NULL THEN 'the operator has paused the pool ' || p.pool
                             ELSE 'the operator has paused the kind ' || p.kind || ' in the pool ' || p.pool END AS what, p.reason, p.created_at
                 FROM operator_pauses p WHERE NOT j.forced AND coalesce(p.pool = j.pool, true) AND coalesce(p.kind = j.kind, true)
                 UNION ALL
                 SELECT coalesce('the operator has paused the kind ' || p.kind || ' of this tenant', 'the operator has paused this tenant'), p.reason, p.created_at
                 FROM tenant_pauses p WHERE p.tenant_id = j.tenant_id AND coalesce(p.kind = j.kind, true)
                 UNION ALL
                 SELECT coalesce('the kind ' || p.kind || ' is paused', 'all jobs are paused'), p.reason, p.created_at
                 FROM pauses p WHERE NOT j.forced AND p.tenant_id = j.tenant_id AND coalesce(p.kind = j.kind, true)) held
             ORDER BY created_at LIMIT 1) h ON true
         LEFT JOIN batches p ON j.awaits_batch AND p.tenant_id = j.tenant_id AND p.id = j.id
         CROSS JOIN LATERAL (
             SELECT count(*) FILTER (WHERE alive) AS live, coalesce(sum(slots) FILTER (WHERE alive), 0) AS slots,
                    coalesce(sum(reserved) FILTER (WHERE alive), 0) AS reserved,
                    coalesce(sum(running) FILTER (WHERE alive), 0) AS running, max(seen_at) AS seen_at
             FROM (SELECT *, seen_at > now() - $3 * interval '1 second' AS alive FROM workers WHERE pool = j.pool) w) w
         WHERE j.tenant_id = $1 AND j.id = $2"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Integer, _>(SILENT_AFTER_SECS)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "job"))
}
