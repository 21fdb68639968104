use super::place::line;
use super::{Place, keys};
use crate::{Pool, Queue, QueueError};
use store::JobId;

/// Where a job stands in the dispatch index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Waits its turn.
    Queued {
        /// Jobs of the same tenant, priority, kind and bases before it; [`LOOKED_AT`](Self::LOOKED_AT) stands for as many or more.
        ahead: u64,
        /// Tenants with jobs, which take turns.
        tenants: u64,
    },
    /// A worker has popped it and not claimed it yet.
    Popped,
    Absent,
}

impl Position {
    /// So many entries of a line are looked at: a longer look would hold up every other command, since Redis runs one at a time.
    pub const LOOKED_AT: u64 = 10_000;
}

impl Queue {
    /// # Errors
    /// [`QueueError`].
    pub async fn position(&self, pool: Pool, place: &Place, id: JobId) -> Result<Position, QueueError> {
        let (priority, tenant) = (place.priority, place.tenant);
        let line = line(&place.kind, &place.knowledge_bases);
        let mut connection = self.connection.clone();
        let base = keys::pool(&self.prefix, pool);
        let id = id.to_string();
        let line = format!("{base}:q:{priority}:{tenant}:{line}");
        let (ahead, length, queued, tenants, popped): (Option<u64>, u64, bool, u64, Option<f64>) = redis::pipe()
            .cmd("LPOS")
            .arg(&line)
            .arg(&id)
            .arg("MAXLEN")
            .arg(Position::LOOKED_AT)
            .llen(&line)
            .sismember(format!("{base}:queued"), &id)
            .llen(format!("{base}:ring"))
            .zscore(format!("{base}:popped"), &id)
            .query_async(&mut connection)
            .await?;
        let further_back = (queued && length > Position::LOOKED_AT).then_some(Position::LOOKED_AT);
        Ok(match (ahead.or(further_back), popped) {
            (Some(ahead), _) => Position::Queued { ahead, tenants },
            (None, Some(_)) => Position::Popped,
            (None, None) => Position::Absent,
        })
    }
}
