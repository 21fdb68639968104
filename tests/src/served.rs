use axum::Router;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Serves on a free port of this machine for as long as the guard lives: what every pretended vendor, site and receiver does.
pub(crate) async fn serve(router: Router) -> (SocketAddr, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    tokio::spawn(async move {
        tokio::select! {
            () = stopped.cancelled() => {}
            served = axum::serve(listener, router) => served.unwrap(),
        }
    });
    (address, stop.drop_guard())
}
