use super::rows::LOOKED_AT;
use super::{Line, lines};
use crate::jobs::QUEUED_AGAIN;
use crate::store::Durability;
use crate::{StoreError, System};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use std::fmt;

/// A replica that deletions wait for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct ReplicaBehind {
    #[diesel(sql_type = Text)]
    pub host: String,
    #[diesel(sql_type = Text)]
    pub slot: String,
    #[diesel(sql_type = BigInt)]
    pub deletions: i64,
    #[diesel(sql_type = BigInt)]
    pub silent_minutes: i64,
}

impl fmt::Display for ReplicaBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "slot {} on {}: {} deletions wait for it, {} minutes silent",
            self.slot, self.host, self.deletions, self.silent_minutes
        )
    }
}

/// Slots whose replicas have not confirmed deletions that were accepted longer than so many minutes ago.
///
/// # Errors
/// [`StoreError`].
pub async fn replicas_behind(system: &System, minutes: i64) -> Result<Vec<ReplicaBehind>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found = sql_query(format!(
        "SELECT max(r.host) AS host, r.slot_id::text AS slot, count(DISTINCT d.id) AS deletions,
                floor(extract(epoch FROM now() - max(r.seen_at)) / 60)::bigint AS silent_minutes
         FROM deletions d JOIN replica_cursors r ON r.tenant_id = d.tenant_id AND r.knowledge_base_id = d.knowledge_base_id
         WHERE d.completed_at IS NULL AND d.accepted_at < now() - $1 * interval '1 minute' AND (d.index_seq IS NULL OR r.erased_seq < d.index_seq)
         GROUP BY r.slot_id ORDER BY r.slot_id LIMIT {LOOKED_AT}"
    ))
    .bind::<BigInt, _>(minutes)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(found)
}

/// Deletions that were accepted longer than so many minutes ago, whose rows are still there and whose jobs are not at work: they wait, or died.
///
/// # Errors
/// [`StoreError`].
pub async fn unerased_deletions(system: &System, minutes: i64) -> Result<Vec<String>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let rows: Vec<Line> = sql_query(format!(
        "SELECT d.id || ' of ' || d.tenant_id || ': its job is ' || coalesce(j.state, 'missing') AS line
         FROM deletions d LEFT JOIN jobs j ON j.tenant_id = d.tenant_id AND j.id = d.id
         WHERE d.erased_at IS NULL AND d.completed_at IS NULL AND d.accepted_at < now() - $1 * interval '1 minute'
           AND j.state IS DISTINCT FROM 'running'
         ORDER BY d.id LIMIT {LOOKED_AT}"
    ))
    .bind::<BigInt, _>(minutes)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(lines(rows))
}

/// Queues the jobs of [`unerased_deletions`] again that are dead, or were cancelled before that was refused; returns how many there were.
///
/// # Errors
/// [`StoreError`].
pub async fn resume_deletions(system: &System, minutes: i64) -> Result<usize, StoreError> {
    let mut tx = system.begin(Durability::Durable).await?;
    let resumed = sql_query(format!(
        "WITH ended AS (
             SELECT id FROM jobs WHERE state IN ('dead', 'cancelled') AND id = ANY(ARRAY(
                 SELECT id FROM deletions WHERE erased_at IS NULL AND completed_at IS NULL AND accepted_at < now() - $1 * interval '1 minute'
                 ORDER BY id LIMIT {LOOKED_AT})) ORDER BY id FOR UPDATE
         )
         UPDATE jobs SET {QUEUED_AGAIN} WHERE id = ANY(ARRAY(SELECT id FROM ended))"
    ))
    .bind::<BigInt, _>(minutes)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(resumed)
}
