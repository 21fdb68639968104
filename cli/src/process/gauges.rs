//! Gauges that have to be asked for: pools, queue depths and database connections.
use super::Connections;
use jobs::Pool;
use metrics_exporter_prometheus::PrometheusHandle;
use std::time::Duration;
use store::System;
use store::pools::{PoolLoad, loads};

const INTERVAL: Duration = Duration::from_secs(5);

/// Measures until dropped.
pub(super) async fn run(connections: Connections, system: Option<System>, metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
        for pool in Pool::ALL {
            // Redis that is away shows in the log already; the gauge keeps its last value.
            if let Ok(depth) = connections.queue.depth(pool).await {
                metrics::gauge!("queue_depth", "pool" => pool.as_str()).set(depth.queued as f64);
            }
        }
        record("app", connections.store.connections());
        if let Some(system) = &system {
            record("system", system.connections());
            match loads(system, &Pool::ALL.map(Pool::as_str)).await {
                Ok(loads) => loads.iter().for_each(record_pool),
                Err(error) => tracing::debug!(%error, "the gauges of the pools keep their last values"),
            }
        }
    }
}

fn record(role: &'static str, (open, idle): (u32, u32)) {
    metrics::gauge!("database_connections", "role" => role, "state" => "open").set(f64::from(open));
    metrics::gauge!("database_connections", "role" => role, "state" => "idle").set(f64::from(idle));
}

fn record_pool(load: &PoolLoad) {
    let pool = load.pool.clone();
    metrics::gauge!("pool_queued", "pool" => pool.clone()).set(load.queued as f64);
    metrics::gauge!("pool_paused", "pool" => pool.clone()).set(load.put_aside as f64);
    metrics::gauge!("pool_oldest_age_seconds", "pool" => pool.clone()).set(load.oldest_queued_secs.unwrap_or(0.0));
    // What nobody works off, or has not been measured, has no end that is known.
    metrics::gauge!("pool_backlog_seconds", "pool" => pool.clone()).set(load.backlog_secs.unwrap_or(f64::INFINITY));
    metrics::gauge!("pool_in_flight", "pool" => pool.clone()).set(load.running as f64);
    metrics::gauge!("pool_failure_ratio", "pool" => pool.clone()).set(load.failure_rate.unwrap_or(0.0));
    metrics::gauge!("pool_workers", "pool" => pool.clone()).set(load.workers as f64);
    metrics::gauge!("pool_slots", "pool" => pool).set(load.slots as f64);
}
