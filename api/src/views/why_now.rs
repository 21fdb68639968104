use super::WhyObject;
use jobs::{Place, Pool, Position, Queue, QueueError, Reached, Standing};
use std::time::Duration;
use store::jobs::Why;
use store::{JobId, TenantId};

/// How long Redis has to say where the job stands.
const ASK_INDEX: Duration = Duration::from_millis(500);

impl WhyObject {
    /// What Postgres knows, and what the dispatch index says to it where it answers.
    pub(crate) async fn now(queue: &Queue, tenant: TenantId, id: JobId, why: &Why) -> Self {
        let (standing, reached) = match tokio::time::timeout(ASK_INDEX, stands(queue, tenant, id, why)).await {
            Ok(Ok((standing, reached))) => (Some(standing), reached),
            Ok(Err(_)) | Err(_) => (None, None),
        };
        Self::of(why, standing, reached.as_ref())
    }
}

/// Where the job is in the index, and what limits it there.
async fn stands(
    queue: &Queue,
    tenant: TenantId,
    id: JobId,
    why: &Why,
) -> Result<(Standing, Option<Reached>), QueueError> {
    let Ok(pool) = why.pool.parse::<Pool>() else {
        let nowhere = Standing {
            position: Position::Absent,
            last_taken: None,
        };
        return Ok((nowhere, None));
    };
    let place = Place {
        priority: why.priority,
        tenant,
        kind: why.kind.clone(),
        knowledge_bases: why.knowledge_base_ids.clone(),
    };
    let standing = queue.standing(pool, &place, id).await?;
    Ok((standing, queue.limit_reached(pool, tenant, &why.kind).await?))
}
