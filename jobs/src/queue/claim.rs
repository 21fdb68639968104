use super::homes::Home;
use super::keys;
use super::place::of_line;
use crate::{Dispatch, Pool, Queue, QueueError, Subscription};
use redis::{AsyncCommands, Script};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use store::{JobId, TenantId};
use tokio::sync::Notify;

static CLAIM: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("homes.lua"), include_str!("claim.lua"))));
static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("release.lua")));

/// A job that was taken out of the index, to be claimed in Postgres.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Popped {
    pub job: Dispatch,
    /// Where it counts under limits until it is [released](Queue::release): each time that it is popped is another place, so that whoever gives one back
    /// leaves the others. 0: it counts under none.
    #[serde(default)]
    pub place: u64,
}

impl Popped {
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.place > 0
    }
}

/// What a worker asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// At most so many jobs.
    pub limit: usize,
    /// Tenants none of whose jobs it wants.
    pub pass_over: &'a [TenantId],
    /// Its free slots are kept for tenants that hold none: it wants one job of each.
    pub reserved: bool,
    /// `None`: it takes jobs of any base, whoever has it open.
    pub home: Option<Home<'a>>,
}

/// What a worker got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoppedJobs {
    pub jobs: Vec<Popped>,
    /// Jobs were left to the homes of their bases, and those that are still there after this may be taken; or a claim has looked at as much as one may, and
    /// the next is to look further.
    pub left_for: Option<Duration>,
}

impl Queue {
    /// Takes up to `limit` jobs, fairly between tenants, but none of the tenants in `pass_over`, and whatever base they are about.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn pop(&self, pool: Pool, limit: usize, pass_over: &[TenantId]) -> Result<Vec<Popped>, QueueError> {
        let asking = Asking {
            limit,
            pass_over,
            reserved: false,
            home: None,
        };
        Ok(self.take(pool, &asking).await?.jobs)
    }

    /// Takes jobs, fairly between tenants, and of bases the ones that are this home's to run.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn take(&self, pool: Pool, asking: &Asking<'_>) -> Result<PoppedJobs, QueueError> {
        let home = asking.home;
        let mut call = CLAIM.key(keys::pool(&self.prefix, pool));
        call.arg(asking.limit)
            .arg(home.map_or("", |home| home.name))
            .arg(home.map_or(0, |home| home.copies))
            .arg(u8::from(asking.reserved));
        for tenant in asking.pass_over {
            call.arg(tenant.to_string());
        }
        let said: Vec<String> = call.invoke_async(&mut self.connection.clone()).await?;
        let Some((left_for, fields)) = said.split_first() else {
            return Ok(PoppedJobs::default());
        };
        let (jobs, _) = fields.as_chunks();
        Ok(PoppedJobs {
            // What cannot be read was not put there by us; the row it might have meant is dispatched again from Postgres.
            jobs: jobs.iter().filter_map(|job| popped(pool, job)).collect(),
            left_for: left_for.parse().ok().map(Duration::from_millis),
        })
    }

    /// Forgets popped ids: Postgres has decided about them.
    ///
    /// # Errors
    /// [`QueueError`]; they are forgotten with the next push of theirs.
    pub async fn settle(&self, pool: Pool, ids: &[JobId]) -> Result<(), QueueError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let _: i64 = self
            .connection
            .clone()
            .zrem(format!("{}:popped", keys::pool(&self.prefix, pool)), ids)
            .await?;
        Ok(())
    }

    /// Takes what was popped and runs no longer off the limits it counts under.
    ///
    /// # Errors
    /// [`QueueError`]; they are found by [`correct`](Self::correct).
    pub async fn release<'a>(
        &self,
        pool: Pool,
        popped: impl IntoIterator<Item = &'a Popped>,
    ) -> Result<(), QueueError> {
        let mut call = RELEASE.key(keys::pool(&self.prefix, pool));
        let mut any = false;
        for Popped { job, place } in popped.into_iter().filter(|popped| popped.is_held()) {
            any = true;
            call.arg(job.id.to_string())
                .arg(job.tenant.to_string())
                .arg(&job.kind)
                .arg(place);
        }
        if any {
            call.invoke_async::<()>(&mut self.connection.clone()).await?;
        }
        Ok(())
    }

    /// Those that were popped more than `age_ms` ago, up to a thousand: whoever popped them is dead, or cannot reach Postgres.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn long_popped(&self, pool: Pool, age_ms: i64) -> Result<Vec<JobId>, QueueError> {
        let mut connection = self.connection.clone();
        let until = now_ms(&mut connection).await? - age_ms;
        let ids: Vec<String> = redis::cmd("ZRANGE")
            .arg(format!("{}:popped", keys::pool(&self.prefix, pool)))
            .arg("-inf")
            .arg(until)
            .arg("BYSCORE")
            .arg("LIMIT")
            .arg(0)
            .arg(1000)
            .query_async(&mut connection)
            .await?;
        Ok(ids.iter().filter_map(|id| id.parse().ok().map(JobId)).collect())
    }

    /// Says that jobs were fed to another backend, for the pool's workers to fetch.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn ring_fed(&self, pool: Pool) -> Result<(), QueueError> {
        let _: i64 = self
            .connection
            .clone()
            .publish(keys::fed(&self.prefix, pool), 1)
            .await?;
        Ok(())
    }

    /// Rings when jobs were [fed](Self::ring_fed).
    #[must_use]
    pub fn fed_bell(&self, pool: Pool) -> (Arc<Notify>, Subscription) {
        self.bell(keys::fed(&self.prefix, pool))
    }

    /// Rings when jobs are pushed to the pool. The `Notify` keeps one ring, so none is lost between two looks.
    #[must_use]
    pub fn doorbell(&self, pool: Pool) -> (Arc<Notify>, Subscription) {
        self.bell(keys::bell(&self.prefix, pool))
    }

    fn bell(&self, channel: String) -> (Arc<Notify>, Subscription) {
        let bell = Arc::new(Notify::new());
        let ringer = bell.clone();
        (bell, self.subscribe(channel, move |_| ringer.notify_one()))
    }
}

fn popped(pool: Pool, [id, tenant, priority, line, place]: &[String; 5]) -> Option<Popped> {
    let (kind, knowledge_bases) = of_line(line);
    Some(Popped {
        job: Dispatch {
            id: JobId(id.parse().ok()?),
            tenant: TenantId(tenant.parse().ok()?),
            pool,
            priority: priority.parse().ok()?,
            kind: kind.to_owned(),
            knowledge_bases,
        },
        place: place.parse().ok()?,
    })
}

/// By Redis' clock.
pub(super) async fn now_ms(connection: &mut super::reconnecting::Connection) -> Result<i64, QueueError> {
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(connection).await?;
    Ok(seconds * 1000 + micros / 1000)
}
