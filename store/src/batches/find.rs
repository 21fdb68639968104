use crate::jobs::JobState;
use crate::prepared::Prepare;
use crate::{BatchId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// A batch as its tenant sees it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Batch {
    #[diesel(sql_type = Uuid)]
    pub id: BatchId,
    #[diesel(sql_type = Text)]
    pub name: String,
    /// `continue` or `cancel`.
    #[diesel(sql_type = Text)]
    pub on_failure: String,
    #[diesel(sql_type = Bool)]
    pub open: bool,
    #[diesel(sql_type = Integer)]
    pub total: i32,
    #[diesel(sql_type = Integer)]
    pub succeeded: i32,
    #[diesel(sql_type = Integer)]
    pub dead: i32,
    #[diesel(sql_type = Integer)]
    pub cancelled: i32,
    /// `request` or `failure`.
    #[diesel(sql_type = Nullable<Text>)]
    pub stopped_by: Option<String>,
    #[diesel(sql_type = Bool)]
    pub has_step: bool,
    /// Of the job that follows, as long as it is kept.
    #[diesel(sql_type = Nullable<Text>)]
    pub step_state: Option<JobState>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was closed because nobody had for [`OPEN_DAYS`](super::OPEN_DAYS).
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expired_at: Option<DateTime<Utc>>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Jobs pend, or may be added.
    Running,
    /// Every job succeeded.
    Succeeded,
    /// A job is dead.
    Failed,
    /// It was cancelled, or jobs of it were and none is dead.
    Cancelled,
}

impl BatchState {
    pub const ALL: [Self; 4] = [Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Of a batch in which nothing pends.
    pub(super) fn of_ended(stopped_by: Option<&str>, dead: i32, cancelled: i32) -> Self {
        match (stopped_by, dead, cancelled) {
            (Some("request"), ..) => Self::Cancelled,
            (_, 1.., _) => Self::Failed,
            (_, _, 1..) => Self::Cancelled,
            _ => Self::Succeeded,
        }
    }
}

impl Batch {
    /// How many of its jobs have not ended.
    #[must_use]
    pub fn pending(&self) -> i32 {
        self.total - self.succeeded - self.dead - self.cancelled
    }

    /// Derived from the counts, so that a job that is retried by hand after the batch's end shows.
    #[must_use]
    pub fn state(&self) -> BatchState {
        if self.ended_at.is_none() || self.pending() > 0 {
            return BatchState::Running;
        }
        BatchState::of_ended(self.stopped_by.as_deref(), self.dead, self.cancelled)
    }

    /// Whether its jobs have ended, and the one that follows has too.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended_at.is_some() && self.step_state.is_none_or(JobState::has_ended)
    }
}

const SELECT: &str =
    "SELECT b.id, b.name, b.on_failure, b.open, b.total, b.succeeded, b.dead, b.cancelled, b.stopped_by, b.has_step,
        j.state AS step_state, b.created_at, b.ended_at, b.expired_at
    FROM batches b LEFT JOIN jobs j ON b.has_step AND j.tenant_id = b.tenant_id AND j.id = b.id";

/// # Errors
/// [`StoreError::NotFound`], also for another tenant's batch.
pub async fn find(tx: &mut TenantTx, id: BatchId) -> Result<Batch, StoreError> {
    sql_query(format!("{SELECT} WHERE b.tenant_id = $1 AND b.id = $2"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "batch"))
}

/// What [`Batch::state`] says, of a row.
const STATE: &str = "CASE WHEN b.ended_at IS NULL OR b.total > b.succeeded + b.dead + b.cancelled THEN 'running'
         WHEN b.stopped_by = 'request' THEN 'cancelled' WHEN b.dead > 0 THEN 'failed' WHEN b.cancelled > 0 THEN 'cancelled'
         ELSE 'succeeded' END";

/// Which batches to list.
#[derive(Clone, Debug, Default)]
pub struct BatchFilter {
    pub state: Option<BatchState>,
    /// Only batches with smaller ids: where the previous page ended.
    pub before: Option<BatchId>,
    pub limit: i64,
}

/// The newest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(tx: &mut TenantTx, filter: &BatchFilter) -> Result<Vec<Batch>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE b.tenant_id = $1 AND ($2 IS NULL OR b.id < $2) AND ($4 IS NULL OR {STATE} = $4)
         ORDER BY b.id DESC LIMIT $3"
    );
    Ok(sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Nullable<Uuid>, _>(filter.before)
        .bind::<BigInt, _>(filter.limit)
        .bind::<Nullable<Text>, _>(filter.state.map(BatchState::as_str))
        .prepared()
        .load(&mut tx.conn)
        .await?)
}
