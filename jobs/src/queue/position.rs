use super::{Place, keys};
use crate::{Pool, Queue, QueueError};
use std::time::Duration;
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
    Popped {
        ago: Duration,
    },
    Absent,
}

/// Where a job stands, and whether its pool moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub position: Position,
    /// How long ago a worker took any job of the pool; `None` where none has since Redis knows.
    pub last_taken: Option<Duration>,
}

impl Position {
    /// So many entries of a line are looked at: a longer look would hold up every other command, since Redis runs one at a time.
    pub const LOOKED_AT: u64 = 10_000;
}

/// Jobs before it, jobs of its line, whether it waits, tenants, when it was popped, when any was, and the time as Redis has it.
type Answered = (Option<u64>, u64, bool, u64, Option<f64>, Option<f64>, (u64, u64));

impl Queue {
    /// # Errors
    /// [`QueueError`].
    pub async fn standing(&self, pool: Pool, place: &Place, id: JobId) -> Result<Standing, QueueError> {
        let mut connection = self.connection.clone();
        let base = keys::pool(&self.prefix, pool);
        let id = id.to_string();
        let line = keys::waiting(&self.prefix, pool, place);
        let (ahead, length, queued, tenants, popped, last_taken, time): Answered = redis::pipe()
            .cmd("LPOS")
            .arg(&line)
            .arg(&id)
            .arg("MAXLEN")
            .arg(Position::LOOKED_AT)
            .llen(&line)
            .sismember(format!("{base}:queued"), &id)
            .llen(format!("{base}:ring"))
            .zscore(format!("{base}:popped"), &id)
            .get(format!("{base}:popped_at"))
            .cmd("TIME")
            .query_async(&mut connection)
            .await?;
        let further_back = (queued && length > Position::LOOKED_AT).then_some(Position::LOOKED_AT);
        let now_ms = time.0 * 1000 + time.1 / 1000;
        let ago = |at_ms: f64| Duration::from_millis(now_ms.saturating_sub(at_ms as u64));
        let position = match (ahead.or(further_back), popped) {
            (Some(ahead), _) => Position::Queued { ahead, tenants },
            (None, Some(at_ms)) => Position::Popped { ago: ago(at_ms) },
            (None, None) => Position::Absent,
        };
        Ok(Standing {
            position,
            last_taken: last_taken.map(ago),
        })
    }
}
