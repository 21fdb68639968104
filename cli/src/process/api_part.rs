use super::Connections;
use anyhow::Context;
use api::ApiState;
use config::Settings;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How long requests that are being answered may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// The HTTP API of this process.
pub(crate) struct ApiPart {
    state: ApiState,
    server: JoinHandle<std::io::Result<()>>,
}

/// Its address, taken.
pub(crate) struct ApiAddress(TcpListener);

impl ApiAddress {
    pub(crate) async fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let address = settings.server.listen;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on server.listen = {address}"))?;
        tracing::info!(address = %listener.local_addr()?, "API listening");
        Ok(Self(listener))
    }
}

impl ApiPart {
    pub(crate) fn start(connections: &Connections, ApiAddress(listener): ApiAddress) -> Self {
        let settings = connections.settings.clone();
        let model = settings.models.embedding.clone();
        let state = ApiState::new(
            connections.store.clone(),
            connections.queue.clone(),
            settings.clone(),
            model,
        );
        let (router, stopping) = (api::router(state.clone()), state.stopping.clone());
        #[expect(clippy::disallowed_methods, reason = "stop() waits for it")]
        let server = tokio::spawn(async move {
            axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(stopping.cancelled_owned())
                .await
        });
        Self { state, server }
    }

    /// Takes no new requests and lets the others end.
    pub(crate) async fn stop(self) {
        self.state.stopping.cancel();
        let mut server = self.server;
        if tokio::time::timeout(GRACE, &mut server).await.is_err() {
            tracing::warn!("requests were cut off");
            server.abort();
        }
        self.state.tasks.close();
        let _ = tokio::time::timeout(GRACE, self.state.tasks.wait()).await;
    }
}
