use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Jsonb, Nullable, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a step of a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It is to be taken, for the first time or again.
    Pending,
    Running,
    Done,
    /// The job succeeded without it.
    Skipped,
    Failed,
}

/// One step of a job as it was last written down, in `job_bodies.steps`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub name: String,
    pub state: StepState,
    /// The run and attempt that took it last; `None` while none has.
    pub run: Option<i32>,
    pub attempt: Option<i16>,
    /// By the database's clock, as the attempt's own start is.
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Counts, by name.
    pub detail: Option<Value>,
    /// The error object of the job, where the step failed.
    pub error: Option<Value>,
}

impl Step {
    /// A step that nobody has taken.
    #[must_use]
    pub fn pending(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: StepState::Pending,
            run: None,
            attempt: None,
            started_at: None,
            ended_at: None,
            detail: None,
            error: None,
        }
    }
}

#[derive(QueryableByName)]
struct Recorded {
    #[diesel(sql_type = Nullable<Jsonb>)]
    steps: Option<Value>,
}

/// The job's steps as they were last written down; none where nothing was.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Corrupt`].
pub async fn steps_of(tx: &mut TenantTx, job: JobId) -> Result<Vec<Step>, StoreError> {
    let recorded: Recorded = sql_query("SELECT steps FROM job_bodies WHERE tenant_id = $1 AND job_id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(job)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "job"))?;
    let Some(steps) = recorded.steps else {
        return Ok(Vec::new());
    };
    serde_json::from_value(steps).map_err(|error| StoreError::Corrupt(format!("a job's steps: {error}")))
}
