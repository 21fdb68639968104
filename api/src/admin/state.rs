use super::{health, metrics};
use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use store::Store;

/// What a process has that can be healthy or not, and its metrics; cheap to clone.
#[derive(Clone, Default)]
pub struct AdminState {
    /// Without it a process is not ready: nothing can be accepted or finished.
    pub store: Option<Store>,
    /// Without it a process is degraded: jobs are accepted, and start late.
    pub queue: Option<jobs::Queue>,
    /// `None`: nothing is measured.
    pub metrics: Option<PrometheusHandle>,
}

/// The admin address of any process.
pub fn admin_router(state: AdminState) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .with_state(state)
}
