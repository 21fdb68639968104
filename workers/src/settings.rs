use config::{DispatchSettings, Settings, WorkerSettings};
use jobs::Pool;
use std::time::Duration;

/// How the workers of a process behave.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    pub pools: Vec<Pool>,
    pub concurrency: WorkerSettings,
    pub dispatch: DispatchSettings,
}

impl WorkerOptions {
    #[must_use]
    pub fn new(settings: &Settings, pools: Vec<Pool>) -> Self {
        Self {
            pools,
            concurrency: settings.workers.clone(),
            dispatch: settings.dispatch.clone(),
        }
    }

    /// How many jobs of the pool run at once in this process.
    #[must_use]
    pub fn slots(&self, pool: Pool) -> usize {
        match pool {
            Pool::Ingest => self.concurrency.ingest,
            Pool::Retrieval => self.concurrency.retrieval,
            Pool::General => self.concurrency.general,
        }
    }

    pub(crate) fn lease_ms(&self) -> i64 {
        i64::try_from(self.dispatch.lease().as_millis()).unwrap_or(i64::MAX)
    }

    /// Thrice a lease: one renewal may fail, and another be late.
    pub(crate) fn renewal_interval(&self) -> Duration {
        self.dispatch.lease() / 3
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.concurrency.drain_secs)
    }
}
