use super::place::line;
use super::{Place, keys};
use crate::{Pool, Queue, QueueError};
use redis::Script;
use std::sync::LazyLock;
use store::JobId;

static MEND_ID: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("mend_id.lua")));
static MEND_RING: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("mend_ring.lua")));

/// What is wrong with an id in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdFault {
    /// Its job is unknown or over.
    Orphan,
    /// It counts as waiting and stands in no queue: nobody pops it, and no push takes it.
    Unreachable,
    /// It stands in a queue and does not count as waiting: a push would put it there twice.
    Unlisted,
}

/// What is wrong with the turns of a tenant, or of one line of its jobs, in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RingFault {
    /// It has ids that wait and takes no turns: they wait for ever.
    QueueWithoutRing,
    /// It takes turns for nothing.
    RingWithoutQueue,
    /// It takes more than one turn a round.
    TooManyTurns,
}

impl Queue {
    /// Looks at one id in one step, and with `mend` puts it right: one whose job does not wait (`waits` is false) is forgotten; one that is
    /// unreachable must be pushed afterwards. `place` is the queue it stands or should stand in.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn check_id(
        &self,
        pool: Pool,
        id: JobId,
        place: Option<&Place>,
        waits: bool,
        mend: bool,
    ) -> Result<Option<IdFault>, QueueError> {
        let (tenant, priority, line) = match place {
            Some(place) => (
                place.tenant.to_string(),
                place.priority,
                line(&place.kind, &place.knowledge_bases),
            ),
            None => (String::new(), 0, String::new()),
        };
        let said: String = MEND_ID
            .key(keys::pool(&self.prefix, pool))
            .arg(id.to_string())
            .arg(tenant)
            .arg(priority)
            .arg(line)
            .arg(u8::from(waits))
            .arg(u8::from(mend))
            .invoke_async(&mut self.connection.clone())
            .await?;
        Ok(match said.as_str() {
            "orphan" => Some(IdFault::Orphan),
            "unreachable" => Some(IdFault::Unreachable),
            "unlisted" => Some(IdFault::Unlisted),
            _ => None,
        })
    }

    /// Looks at the turns of one line of a tenant's jobs, and of the tenant, in one step, and with `mend` puts them right. An empty `kind`: only at the
    /// tenant's.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn check_ring(&self, pool: Pool, place: &Place, mend: bool) -> Result<Option<RingFault>, QueueError> {
        let said: String = MEND_RING
            .key(keys::pool(&self.prefix, pool))
            .arg(place.priority)
            .arg(place.tenant.to_string())
            .arg(line(&place.kind, &place.knowledge_bases))
            .arg(u8::from(mend))
            .invoke_async(&mut self.connection.clone())
            .await?;
        Ok(match said.as_str() {
            "queue_without_ring" => Some(RingFault::QueueWithoutRing),
            "ring_without_queue" => Some(RingFault::RingWithoutQueue),
            "too_many_turns" => Some(RingFault::TooManyTurns),
            _ => None,
        })
    }
}
