//! Gauges that have to be asked for: queue depths and database connections.
use super::Connections;
use jobs::Pool;
use metrics_exporter_prometheus::PrometheusHandle;
use std::time::Duration;
use store::System;

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
        }
    }
}

fn record(role: &'static str, (open, idle): (u32, u32)) {
    metrics::gauge!("database_connections", "role" => role, "state" => "open").set(f64::from(open));
    metrics::gauge!("database_connections", "role" => role, "state" => "idle").set(f64::from(idle));
}
