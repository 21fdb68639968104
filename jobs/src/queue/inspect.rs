use super::place::of_line;
use super::{Place, keys};
use crate::{Pool, Queue, QueueError};
use redis::AsyncCommands;
use std::collections::HashSet;
use std::str::FromStr;
use store::{JobId, TenantId};

/// Elements a step: none of them may keep Redis from its other clients for long.
const STEP: isize = 2_000;

/// An id in one of a pool's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: JobId,
    pub place: Place,
}

/// What the dispatch index holds of a pool. Read in steps while it changes: a suspicion, to be looked at again.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Ids that the index says wait in a queue.
    pub queued: HashSet<JobId>,
    /// Ids in the queues.
    pub listed: Vec<Listed>,
    /// Popped and not settled, each with how long ago, in seconds.
    pub popped: Vec<(JobId, f64)>,
    /// Which tenants take turns, as often as they stand there.
    pub turns: Vec<TenantId>,
    /// Which lines take turns within a tenant's, as often as they stand there.
    pub line_turns: Vec<Place>,
}

/// What Redis says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerReport {
    /// `noeviction`, or the index loses ids when memory is short.
    pub eviction_policy: String,
    pub evicted_keys: u64,
    pub append_only: bool,
    /// The last snapshot or append-only write failed: Redis may refuse to be written to.
    pub persistence_failed: bool,
    /// Seconds since 1970 by its clock, when it answered.
    pub clock_secs: f64,
}

impl Queue {
    /// Those of the jobs that neither wait in the index nor were popped.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn lacks(&self, pool: Pool, ids: &[JobId]) -> Result<Vec<JobId>, QueueError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let base = keys::pool(&self.prefix, pool);
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let (queued, popped): (Vec<bool>, Vec<Option<f64>>) = redis::pipe()
            .cmd("SMISMEMBER")
            .arg(format!("{base}:queued"))
            .arg(&names)
            .cmd("ZMSCORE")
            .arg(format!("{base}:popped"))
            .arg(&names)
            .query_async(&mut self.connection.clone())
            .await?;
        let places = queued.into_iter().zip(popped);
        Ok(ids
            .iter()
            .zip(places)
            .filter(|(_, (queued, popped))| !queued && popped.is_none())
            .map(|(id, _)| *id)
            .collect())
    }

    /// Reads everything that the index holds of the pool; takes as long as there is, and never blocks Redis for long.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn contents(&self, pool: Pool) -> Result<Contents, QueueError> {
        let base = keys::pool(&self.prefix, pool);
        let mut found = Contents::default();
        for id in self.set(&format!("{base}:queued")).await? {
            found.queued.extend(parsed(&id).map(JobId));
        }
        for place in self.queues(&format!("{base}:q:")).await? {
            let ids = self.list(&keys::waiting(&self.prefix, pool, &place)).await?;
            let listed = ids.iter().filter_map(|id| parsed(id)).map(|id| Listed {
                id: JobId(id),
                place: place.clone(),
            });
            found.listed.extend(listed);
        }
        for tenant in self.tenants(&format!("{base}:kinds:")).await? {
            for turn in self.list(&format!("{base}:kinds:{tenant}")).await? {
                found.line_turns.extend(self.lines(&base, tenant, &turn).await?);
            }
        }
        let tenants = self.list(&format!("{base}:ring")).await?;
        found
            .turns
            .extend(tenants.iter().filter_map(|id| parsed(id).map(TenantId)));
        let now_ms = self.server_clock().await? * 1000.0;
        let popped: Vec<(String, f64)> = self
            .connection
            .clone()
            .zrange_withscores(format!("{base}:popped"), 0, -1)
            .await?;
        let popped = popped
            .iter()
            .filter_map(|(id, at)| Some((JobId(parsed(id)?), (now_ms - at) / 1000.0)));
        found.popped.extend(popped);
        Ok(found)
    }

    /// # Errors
    /// [`QueueError`].
    pub async fn server_report(&self) -> Result<ServerReport, QueueError> {
        let mut connection = self.connection.clone();
        let mut info = String::new();
        for section in ["memory", "stats", "persistence"] {
            let part: String = redis::cmd("INFO").arg(section).query_async(&mut connection).await?;
            info.push_str(&part);
            info.push('\n');
        }
        let field = |name: &str| {
            info.lines()
                .find_map(|line| line.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')))
                .map_or("", str::trim)
        };
        Ok(ServerReport {
            eviction_policy: field("maxmemory_policy").to_owned(),
            evicted_keys: field("evicted_keys").parse().unwrap_or(0),
            append_only: field("aof_enabled") == "1",
            persistence_failed: [field("rdb_last_bgsave_status"), field("aof_last_write_status")].contains(&"err"),
            clock_secs: self.server_clock().await?,
        })
    }

    async fn server_clock(&self) -> Result<f64, QueueError> {
        let (secs, micros): (f64, f64) = redis::cmd("TIME").query_async(&mut self.connection.clone()).await?;
        Ok(secs + micros / 1e6)
    }

    async fn list(&self, key: &str) -> Result<Vec<String>, QueueError> {
        let mut all = Vec::new();
        for start in (0..).step_by(STEP.unsigned_abs()) {
            let part: Vec<String> = self.connection.clone().lrange(key, start, start + STEP - 1).await?;
            let last = part.len() < STEP.unsigned_abs();
            all.extend(part);
            if last {
                break;
            }
        }
        Ok(all)
    }

    async fn set(&self, key: &str) -> Result<Vec<String>, QueueError> {
        let mut all = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let (next, part): (u64, Vec<String>) = redis::cmd("SSCAN")
                .arg(key)
                .arg(cursor)
                .arg("COUNT")
                .arg(STEP)
                .query_async(&mut self.connection.clone())
                .await?;
            all.extend(part);
            cursor = next;
            if cursor == 0 {
                return Ok(all);
            }
        }
    }

    /// Of keys that begin so and end with priority, tenant and line.
    async fn queues(&self, start: &str) -> Result<HashSet<Place>, QueueError> {
        let ends = self.ends(start).await?;
        let places = ends.iter().filter_map(|end| {
            let (priority, rest) = end.split_once(':')?;
            let (tenant, line) = rest.split_once(':')?;
            Some(place(priority.parse().ok()?, TenantId(parsed(tenant)?), line))
        });
        Ok(places.collect())
    }

    /// Of keys that begin so and end with a tenant.
    async fn tenants(&self, start: &str) -> Result<HashSet<TenantId>, QueueError> {
        let ends = self.ends(start).await?;
        Ok(ends.iter().filter_map(|end| parsed(end).map(TenantId)).collect())
    }

    /// The lines that have their turn with one of a tenant's kinds: `<priority>:<kind>` is one, `<priority>:<kind>@` stands for all of the kind's bases.
    async fn lines(&self, base: &str, tenant: TenantId, turn: &str) -> Result<Vec<Place>, QueueError> {
        let Some((priority, line)) = turn.split_once(':') else {
            return Ok(Vec::new());
        };
        let lines = match line.strip_suffix('@') {
            Some(kind) => self.list(&format!("{base}:lines:{priority}:{tenant}:{kind}")).await?,
            None => vec![line.to_owned()],
        };
        let priority = priority.parse().ok();
        Ok(priority
            .map(|priority| lines.iter().map(|line| place(priority, tenant, line)).collect())
            .unwrap_or_default())
    }

    /// What follows `start` in the keys that begin with it.
    async fn ends(&self, start: &str) -> Result<HashSet<String>, QueueError> {
        let mut all = HashSet::new();
        let mut cursor = 0_u64;
        loop {
            let (next, part): (u64, Vec<String>) = redis::cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(format!("{start}*"))
                .arg("COUNT")
                .arg(STEP)
                .query_async(&mut self.connection.clone())
                .await?;
            all.extend(part.iter().filter_map(|key| key.strip_prefix(start)).map(str::to_owned));
            cursor = next;
            if cursor == 0 {
                return Ok(all);
            }
        }
    }
}

fn place(priority: i16, tenant: TenantId, line: &str) -> Place {
    let (kind, knowledge_bases) = of_line(line);
    Place {
        priority,
        tenant,
        kind: kind.to_owned(),
        knowledge_bases,
    }
}

fn parsed(id: &str) -> Option<uuid::Uuid> {
    uuid::Uuid::from_str(id).ok()
}
