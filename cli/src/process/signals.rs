use anyhow::Context;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Returns on SIGTERM or SIGINT.
pub(crate) async fn until_told_to_stop() -> anyhow::Result<()> {
    Signals::listen()?.told_to_stop().await;
    Ok(())
}

/// SIGTERM and SIGINT. Made before anything else is, so that one that comes while the process starts ends it cleanly too.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        })
    }

    /// Returns on the next of them: the first asks for a clean end.
    pub(crate) async fn told_to_stop(&mut self) {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        };
        tracing::info!("{name}: stopping");
    }

    /// Waits until whoever sends requests has seen that this process is not ready any more; another signal ends the wait.
    pub(crate) async fn let_others_notice(&mut self, delay: Duration) {
        if delay.is_zero() {
            return;
        }
        tracing::info!(?delay, "not ready any more, and still answering");
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = self.told_to_stop() => {}
        }
    }
}
