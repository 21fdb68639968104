//! Tells the database which workers are alive, so that a job whose pool has none can say so.
use crate::Context;
use crate::pulse::Beat;
use crate::recent::Recent;
use crate::slots::Slots;
use std::sync::Arc;
use std::time::Duration;
use store::workers::{SEEN_EVERY_SECS, Sighting, gone, seen};

/// A worker, as far as others are told.
pub(crate) struct Alive {
    pub(crate) name: Arc<str>,
    pub(crate) pool: &'static str,
    pub(crate) slots: Slots,
    pub(crate) recent: Recent,
}

impl Alive {
    fn sighting(&self, host: &str) -> Sighting {
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let recent = self.recent.tally();
        Sighting {
            name: self.name.to_string(),
            pool: self.pool.to_owned(),
            host: host.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            slots: number(self.slots.total()),
            reserved: number(self.slots.reserved()),
            running: number(self.slots.running()),
            recent_ended: recent.ended,
            recent_failed: recent.failed,
            recent_busy_us: recent.busy_us,
        }
    }
}

/// Until dropped. What is lost in between is made good at the next beat.
pub(crate) async fn run(context: Context, workers: Arc<Vec<Alive>>, beat: Beat) {
    let host = host_name();
    let mut ticks = tokio::time::interval(Duration::from_secs(SEEN_EVERY_SECS));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        beat.now();
        let sightings: Vec<Sighting> = workers.iter().map(|worker| worker.sighting(&host)).collect();
        if let Err(error) = seen(&context.system, &sightings).await {
            tracing::warn!(%error, "cannot write down that the workers are alive");
        }
    }
}

/// Says that the workers have ended, rather than letting others find out.
pub(crate) async fn stopped(context: &Context, workers: &[Alive]) {
    let names: Vec<String> = workers.iter().map(|worker| worker.name.to_string()).collect();
    match tokio::time::timeout(Duration::from_secs(2), gone(&context.system, &names)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "the workers will be found silent"),
        Err(_) => tracing::debug!("the workers will be found silent"),
    }
}

/// As the kernel knows it; Linux only, and empty elsewhere.
pub(crate) fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}
