use super::rows::LOOKED_AT;
use super::{Line, lines};
use crate::{BatchId, StoreError, System, TenantId};
use diesel::sql_types::Uuid;
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use std::fmt;

/// A batch of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct BatchOf {
    #[diesel(sql_type = Uuid)]
    pub id: BatchId,
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
}

impl fmt::Display for BatchOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.id, self.tenant_id)
    }
}

/// Batches, not ended or ended within a day, whose counts are not those of their jobs. Jobs that ended well more than a week ago may be gone and
/// still count; whatever pends is there.
///
/// # Errors
/// [`StoreError`].
pub async fn miscounted_batches(system: &System) -> Result<Vec<BatchOf>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found = sql_query(format!(
        "SELECT b.id, b.tenant_id FROM batches b CROSS JOIN LATERAL (
             SELECT count(*) AS total, count(*) FILTER (WHERE j.state = 'succeeded') AS succeeded,
                    count(*) FILTER (WHERE j.state = 'dead') AS dead, count(*) FILTER (WHERE j.state = 'cancelled') AS cancelled
             FROM jobs j WHERE j.tenant_id = b.tenant_id AND j.parent_id = b.id) s
         WHERE (b.ended_at IS NULL OR b.ended_at > now() - interval '1 day')
           AND (b.total - b.succeeded - b.dead - b.cancelled <> s.total - s.succeeded - s.dead - s.cancelled
                OR b.succeeded < s.succeeded OR b.dead < s.dead OR b.cancelled < s.cancelled
                OR b.total <> s.total AND b.created_at > now() - interval '7 days')
         ORDER BY b.id LIMIT {LOOKED_AT}"
    ))
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(found)
}

/// What any worker process should have done about batches: closed ones in which nothing pends and that have not ended, stopped ones whose jobs
/// were not cancelled, and jobs that still wait for a batch that has ended or is gone. Each may just be on its way: whoever asks looks twice.
///
/// # Errors
/// [`StoreError`].
pub async fn neglected_batches(system: &System) -> Result<Vec<String>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found: Vec<Line> = sql_query(format!(
        "SELECT b.id || ' of ' || b.tenant_id || CASE WHEN b.stopped_at IS NOT NULL AND b.swept_at IS NULL THEN ': its jobs are not cancelled'
                ELSE ': its jobs have ended, and it has not' END AS line
         FROM batches b WHERE b.ended_at IS NULL
           AND (NOT b.open AND b.succeeded + b.dead + b.cancelled = b.total OR b.stopped_at IS NOT NULL AND b.swept_at IS NULL)
         UNION ALL
         SELECT j.id || ' of ' || j.tenant_id || CASE WHEN b.id IS NULL THEN ': waits for a batch that is gone' ELSE ': waits for its batch, which has ended' END
         FROM jobs j LEFT JOIN batches b ON b.tenant_id = j.tenant_id AND b.id = j.id
         WHERE j.state = 'scheduled' AND j.awaits_batch AND (b.id IS NULL OR b.ended_at IS NOT NULL)
         ORDER BY 1 LIMIT {LOOKED_AT}"
    ))
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(lines(found))
}
