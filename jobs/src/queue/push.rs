use super::keys;
use super::place::line;
use crate::{Pool, Queue, QueueError};
use redis::Script;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use std::time::Duration;
use store::{JobId, KnowledgeBaseId, TenantId};

static PUSH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("push.lua")));

/// How long a request waits for Redis after its job is safe in Postgres.
const PUSH_TIMEOUT: Duration = Duration::from_millis(250);

/// What the dispatch index holds of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    pub id: JobId,
    pub tenant: TenantId,
    pub pool: Pool,
    pub priority: i16,
    pub kind: String,
    /// The bases whose replicas it needs: it is run where they are open.
    #[serde(default)]
    pub knowledge_bases: Vec<KnowledgeBaseId>,
}

impl Queue {
    /// Offers committed jobs to the workers. Best effort, within 250 ms: what Redis does not take, the reconciler offers within a second.
    pub async fn push(&self, jobs: &[Dispatch]) {
        let generation = self.connection.generation();
        match tokio::time::timeout(PUSH_TIMEOUT, self.try_push(jobs)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, jobs = jobs.len(), "push failed; the reconciler will dispatch"),
            Err(_) => {
                tracing::warn!(jobs = jobs.len(), "push timed out; the reconciler will dispatch");
                self.connection.replace(generation);
            }
        }
    }

    /// Offers committed jobs to the workers; pushing a job twice does no harm.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn try_push(&self, jobs: &[Dispatch]) -> Result<(), QueueError> {
        for pool in Pool::ALL {
            let of_pool: Vec<&Dispatch> = jobs.iter().filter(|job| job.pool == pool).collect();
            if of_pool.is_empty() {
                continue;
            }
            let mut call = PUSH.key(keys::pool(&self.prefix, pool));
            for job in of_pool {
                call.arg(job.id.to_string())
                    .arg(job.tenant.to_string())
                    .arg(job.priority)
                    .arg(line(&job.kind, &job.knowledge_bases));
            }
            call.invoke_async::<i64>(&mut self.connection.clone()).await?;
        }
        Ok(())
    }
}
