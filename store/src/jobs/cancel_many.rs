use super::{JobFilter, JobState, cancel_locked};
use crate::effects::IS_UNKNOWN;
use crate::prepared::Prepare;
use crate::webhooks::{DELIVERY_KIND, DELIVERY_POOL};
use crate::{JobId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use std::collections::BTreeMap;

/// Which jobs that have not ended, and were not told to stop.
#[derive(Clone, Debug, Default)]
pub struct CancelFilter {
    /// Only these, where any are named.
    pub ids: Vec<JobId>,
    /// Whose, by everything but the key that submitted them.
    pub of: JobFilter,
}

impl CancelFilter {
    /// Deliveries of webhooks are only meant where they are named: cancelling jobs makes some, which tell of that.
    fn names_deliveries(&self) -> bool {
        let (kind, pool) = (self.of.kind.as_deref(), self.of.pool.as_deref());
        !self.ids.is_empty() || kind == Some(DELIVERY_KIND) || pool == Some(DELIVERY_POOL)
    }
}

/// A job that could be cancelled.
#[derive(Clone, Debug, QueryableByName)]
pub struct Unended {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub pool: String,
    #[diesel(sql_type = Text)]
    pub state: JobState,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    /// It carries out a deletion, which is not called off.
    #[diesel(sql_type = Bool)]
    pub is_deletion: bool,
    /// It waits, and what came of a call is not known: it is not cancelled, but dead.
    #[diesel(sql_type = Bool)]
    pub is_undecided: bool,
}

impl Unended {
    /// The state that cancelling it now would leave it in.
    #[must_use]
    pub fn foretold(&self) -> JobState {
        match self.state {
            JobState::Running => JobState::Running,
            _ if self.is_undecided => JobState::Dead,
            _ => JobState::Cancelled,
        }
    }
}

/// Those that match, the newest first. However many jobs of the tenant have ended, they are not read: the condition on the state is that of an index.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn unended(tx: &mut TenantTx, filter: &CancelFilter) -> Result<Vec<Unended>, StoreError> {
    let (ids, of) = ((!filter.ids.is_empty()).then_some(&filter.ids), &filter.of);
    Ok(sql_query(format!(
        "SELECT j.id, j.kind, j.pool, j.state, j.created_at, EXISTS (SELECT FROM deletions d WHERE d.tenant_id = $1 AND d.id = j.id) AS is_deletion,
                j.state <> 'running' AND {IS_UNKNOWN} AS is_undecided
         FROM jobs j
         WHERE j.tenant_id = $1 AND j.state NOT IN ('succeeded', 'dead', 'cancelled') AND NOT j.cancel_requested
           AND ($2 IS NULL OR j.id = ANY($2)) AND ($3 IS NULL OR j.state = $3) AND ($4 IS NULL OR j.kind = $4) AND ($5 IS NULL OR j.pool = $5)
           AND ($6 IS NULL OR j.parent_id = $6) AND ($7 IS NULL OR j.schedule_id = $7) AND ($8 IS NULL OR j.document_id = $8)
           AND ($9 IS NULL OR j.created_at > $9) AND ($10 IS NULL OR j.created_at < $10) AND ($11 IS NULL OR j.id < $11)
           AND ($13 OR j.kind <> $14)
         ORDER BY j.id DESC LIMIT $12"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Nullable<Array<Uuid>>, _>(ids)
    .bind::<Nullable<Text>, _>(of.state)
    .bind::<Nullable<Text>, _>(of.kind.as_deref())
    .bind::<Nullable<Text>, _>(of.pool.as_deref())
    .bind::<Nullable<Uuid>, _>(of.parent_id)
    .bind::<Nullable<Uuid>, _>(of.schedule_id)
    .bind::<Nullable<Uuid>, _>(of.document_id)
    .bind::<Nullable<Timestamptz>, _>(of.created_after)
    .bind::<Nullable<Timestamptz>, _>(of.created_before)
    .bind::<Nullable<Uuid>, _>(of.before)
    .bind::<BigInt, _>(of.limit)
    .bind::<Bool, _>(filter.names_deliveries())
    .bind::<Text, _>(DELIVERY_KIND)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Cancels those that wait, and asks the workers of those that run to stop, as [`cancel`](super::cancel) does with one; what has ended meanwhile is left alone. Returns each with its state:
/// `cancelled`, `dead` where what came of a call is not known, or still `running`.
///
/// A job that follows a batch is locked after the batches of the others, as by everyone: whoever cancels its batch holds that already.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn cancel_many(tx: &mut TenantTx, ids: &[JobId]) -> Result<Vec<(JobId, JobState)>, StoreError> {
    let mut told = BTreeMap::new();
    for also_following in [false, true] {
        let rest: Vec<JobId> = ids.iter().copied().filter(|id| !told.contains_key(id)).collect();
        if rest.is_empty() {
            break;
        }
        let locked = lock_unended(tx, &rest, also_following).await?;
        let cancelled = cancel_locked(&mut tx.conn, tx.tenant, &locked).await?;
        told.extend(cancelled.into_iter().map(|job| (job.id, job.state)));
    }
    Ok(told.into_iter().rev().collect())
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

async fn lock_unended(tx: &mut TenantTx, ids: &[JobId], also_following: bool) -> Result<Vec<JobId>, StoreError> {
    let locked: Vec<Locked> = sql_query(
        "SELECT id FROM jobs j WHERE tenant_id = $1 AND id = ANY($2) AND state IN ('scheduled', 'queued', 'running', 'retryable')
               AND ($3 OR NOT awaits_batch)
               AND NOT EXISTS (SELECT FROM deletions d WHERE d.tenant_id = $1 AND d.id = j.id)
             ORDER BY id FOR UPDATE",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Bool, _>(also_following)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(locked.into_iter().map(|job| job.id).collect())
}
