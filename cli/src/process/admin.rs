use super::{Connections, Telemetry, WorkerPart, gauges};
use anyhow::Context;
use api::AdminState;
use config::Settings;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use workers::Tasks;

/// Health and metrics of this process, on the admin address.
pub(crate) struct AdminPart {
    tasks: Tasks,
    stopping: Arc<AtomicBool>,
}

/// The admin address, taken.
pub(crate) struct AdminAddress(TcpListener);

impl AdminAddress {
    pub(crate) async fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let address = settings.server.admin_listen;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on server.admin_listen = {address}"))?;
        tracing::info!(address = %listener.local_addr()?, "health and metrics listening");
        Ok(Self(listener))
    }
}

impl AdminPart {
    pub(crate) fn start(
        connections: &Connections,
        AdminAddress(listener): AdminAddress,
        workers: Option<&WorkerPart>,
        telemetry: &Telemetry,
    ) -> Self {
        let system = workers.map(|workers| workers.system.clone());
        let stopping = Arc::<AtomicBool>::default();
        let state = AdminState {
            store: Some(connections.store.clone()),
            queue: Some(connections.queue.clone()),
            metrics: Some(telemetry.metrics.clone()),
            system: system.clone(),
            workers: workers.map(|_| connections.settings.workers.clone()),
            stalled: workers.map(|workers| {
                let pulse = workers.pulse();
                Arc::new(move || pulse.stalled()) as api::Stalled
            }),
            stopping: stopping.clone(),
        };
        let tasks = Tasks::default();
        tasks.spawn_until_stopped(async move {
            if let Err(error) = axum::serve(listener, api::admin_router(state)).await {
                tracing::error!(%error, "the admin address stopped answering");
            }
        });
        tasks.spawn_until_stopped(gauges::run(connections.clone(), system, telemetry.metrics.clone()));
        Self { tasks, stopping }
    }

    /// From here on it says that the process is not ready: it is about to take no more requests.
    pub(crate) fn is_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn stop(self) {
        self.tasks.stop().await;
    }
}
