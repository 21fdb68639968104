use crate::slots::Slots;
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

    /// The slots of the pool in this process.
    pub(crate) fn slots(&self, pool: Pool) -> Slots {
        let workers = &self.concurrency;
        match pool {
            Pool::Ingest => Slots::new(workers.ingest, workers.ingest_reserved),
            Pool::Retrieval => Slots::new(workers.retrieval, workers.retrieval_reserved),
            Pool::General => Slots::new(workers.general, workers.general_reserved),
            Pool::Delivery => Slots::new(workers.delivery, workers.delivery_reserved),
        }
    }

    pub(crate) fn lease_ms(&self) -> i64 {
        i64::try_from(self.dispatch.lease().as_millis()).unwrap_or(i64::MAX)
    }

    /// Thrice a lease: one renewal may fail, and another be late.
    pub(crate) fn renewal_interval(&self) -> Duration {
        self.dispatch.lease() / 3
    }

    pub(crate) fn lease_check_interval(&self) -> Duration {
        Duration::from_millis(self.dispatch.lease_check_interval_ms)
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.dispatch.poll_interval_ms)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.concurrency.drain_secs)
    }
}
