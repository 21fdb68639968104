use super::job::{AttemptObject, Cost};
use super::{FullJob, JobObject, StepObject, WhyObject};
use chrono::{DateTime, Utc};
use jobs::Queue;
use serde::Serialize;
use serde_json::Value;
use store::jobs::JobState;
use store::{JobId, Store, StoreError, TenantId};
use uuid::Uuid;

/// A job as an operator is told of it, who is not its tenant: how it stands, what has failed, and what it waits for. What it was submitted with, what it
/// returned and what it says of its progress are its tenant's. So each field is named here, and one that jobs get later is not shown unless it is added.
#[derive(Debug, Serialize)]
pub struct OperatorsJob {
    tenant_id: TenantId,
    id: Uuid,
    kind: String,
    pool: String,
    state: JobState,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cancel_requested: bool,
    priority: i16,
    attempt: i16,
    max_attempts: i16,
    run_at: DateTime<Utc>,
    progress: Option<Counted>,
    error: Option<Value>,
    cost: Option<Cost>,
    attempts: Vec<AttemptObject>,
    steps: Vec<StepObject>,
    document_id: Option<Uuid>,
    parent_id: Option<Uuid>,
    schedule_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    discarded_at: Option<DateTime<Utc>>,
    why: WhyObject,
}

/// How far it is, without its words: they name pages and files.
#[derive(Debug, Serialize)]
struct Counted {
    done: u64,
    total: Option<u64>,
}

impl Counted {
    fn of(progress: &Value) -> Option<Self> {
        Some(Self {
            done: progress.get("done")?.as_u64()?,
            total: progress.get("total").and_then(Value::as_u64),
        })
    }
}

impl OperatorsJob {
    /// # Errors
    /// [`StoreError::NotFound`]: the tenant has no such job.
    pub async fn read(store: &Store, queue: &Queue, tenant: TenantId, id: JobId) -> Result<Self, StoreError> {
        let (job, attempts, steps, why) = store
            .tenant(tenant, async move |tx| {
                let (job, attempts) = store::jobs::find_with_attempts(tx, id).await?;
                let steps = store::jobs::steps_of(tx, id).await?;
                let why = store::jobs::why(tx, id).await?;
                Ok::<_, StoreError>((job, attempts, steps, why))
            })
            .await?;
        let steps = StepObject::all(&job, steps, &attempts);
        let discarded_at = job.discarded_at;
        let shown = JobObject::of(&FullJob { job, attempts });
        Ok(Self {
            tenant_id: tenant,
            id: shown.id,
            kind: shown.kind,
            pool: shown.pool,
            state: shown.state,
            cancel_requested: shown.cancel_requested,
            priority: shown.priority,
            attempt: shown.attempt,
            max_attempts: shown.max_attempts,
            run_at: shown.run_at,
            progress: shown.progress.as_ref().and_then(Counted::of),
            error: shown.error,
            cost: shown.cost,
            attempts: shown.attempts,
            steps,
            document_id: shown.document_id,
            parent_id: shown.parent_id,
            schedule_id: shown.schedule_id,
            created_at: shown.created_at,
            started_at: shown.started_at,
            finished_at: shown.finished_at,
            discarded_at,
            why: WhyObject::now(queue, tenant, id, &why).await,
        })
    }
}
