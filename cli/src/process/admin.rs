use super::{Connections, Telemetry, gauges};
use anyhow::Context;
use api::AdminState;
use store::System;
use tokio::net::TcpListener;
use workers::Tasks;

/// Health and metrics of this process, on the admin address.
pub(crate) struct AdminPart {
    tasks: Tasks,
}

impl AdminPart {
    pub(crate) async fn start(
        connections: &Connections,
        system: Option<System>,
        telemetry: &Telemetry,
    ) -> anyhow::Result<Self> {
        let address = connections.settings.server.admin_listen;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on server.admin_listen = {address}"))?;
        tracing::info!(address = %listener.local_addr()?, "health and metrics listening");
        let state = AdminState {
            store: Some(connections.store.clone()),
            queue: Some(connections.queue.clone()),
            metrics: Some(telemetry.metrics.clone()),
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
