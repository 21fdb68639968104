use super::{Connections, Telemetry, WorkerPart, gauges};
use anyhow::Context;
use api::AdminState;
use std::sync::Arc;
use tokio::net::TcpListener;
use workers::Tasks;

/// Health and metrics of this process, on the admin address.
pub(crate) struct AdminPart {
    tasks: Tasks,
}

impl AdminPart {
    pub(crate) async fn start(
        connections: &Connections,
        workers: Option<&WorkerPart>,
        telemetry: &Telemetry,
    ) -> anyhow::Result<Self> {
        let system = workers.map(|workers| workers.system.clone());
        let address = connections.settings.server.admin_listen;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on server.admin_listen = {address}"))?;
        tracing::info!(address = %listener.local_addr()?, "health and metrics listening");
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
        };
        let tasks = Tasks::default();
        tasks.spawn_until_stopped(async move {
            if let Err(error) = axum::serve(listener, api::admin_router(state)).await {
                tracing::error!(%error, "the admin address stopped answering");
            }
        });
        tasks.spawn_until_stopped(gauges::run(connections.clone(), system, telemetry.metrics.clone()));
        Ok(Self { tasks })
    }

    pub(crate) async fn stop(self) {
        self.tasks.stop().await;
    }
}
