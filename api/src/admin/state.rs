use super::{health, metrics, scaler};
use axum::Router;
use axum::routing::get;
use config::WorkerSettings;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use store::{Store, System};

/// What a process has that can be healthy or not, and its metrics; cheap to clone.
#[derive(Clone, Default)]
pub struct AdminState {
    /// Without it a process is not ready: nothing can be accepted or finished.
    pub store: Option<Store>,
    /// Without it a process is degraded: jobs are accepted, and start late.
    pub queue: Option<jobs::Queue>,
    /// `None`: nothing is measured.
    pub metrics: Option<PrometheusHandle>,
    /// The system role, in a process that runs workers: it sees the pools.
    pub system: Option<System>,
    /// Jobs that a worker process runs at once.
    pub workers: Option<WorkerSettings>,
    /// The process's loops that no longer go round, each with for how many seconds; any makes it not live.
    pub stalled: Option<Stalled>,
    /// Set it when the process was told to stop: it is not ready any more, while it may still answer.
    pub stopping: Arc<AtomicBool>,
}

/// Asks for the loops that no longer go round.
pub type Stalled = Arc<dyn Fn() -> Vec<(String, u64)> + Send + Sync>;

/// The admin address of any process.
pub fn admin_router(state: AdminState) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/scaler/pools/{pool}", get(scaler::pool))
        .route("/metrics", get(metrics::metrics))
        .with_state(state)
}
