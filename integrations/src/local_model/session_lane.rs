use crate::IntegrationError;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Sessions of one model that wait for work; each is loaded when it is first needed, on a blocking thread.
///
/// A session belongs to whoever holds a permit. One that failed or panicked is dropped, and the next holder loads
/// another.
pub(crate) struct SessionLane<S> {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<S>>>,
}

/// The right to use one session of the lane it came from.
pub(crate) struct Turn<S> {
    permit: OwnedSemaphorePermit,
    idle: Arc<Mutex<Vec<S>>>,
}

impl<S> SessionLane<S> {
    pub(crate) fn new(sessions: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(sessions)),
            idle: Arc::default(),
        }
    }

    /// First come, first served.
    pub(crate) async fn turn(&self) -> Result<Turn<S>, IntegrationError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| stopped())?;
        Ok(Turn {
            permit,
            idle: Arc::clone(&self.idle),
        })
    }

    /// Only if a session is free now.
    pub(crate) fn try_turn(&self) -> Option<Turn<S>> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(Turn {
            permit,
            idle: Arc::clone(&self.idle),
        })
    }
}

impl<S: Send + 'static> Turn<S> {
    /// Runs on a blocking thread, to the end even if nobody waits for the result any more. `system` names the model in errors.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        system: &str,
        load: impl FnOnce() -> Result<S, IntegrationError> + Send + 'static,
        work: impl FnOnce(&mut S) -> fastembed::Result<T> + Send + 'static,
    ) -> Result<T, IntegrationError> {
        let running = tokio::task::spawn_blocking(move || {
            let Self { permit, idle } = self;
            let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut session = match waiting {
                Some(session) => session,
                None => load().map_err(Failed::ToLoad)?,
            };
            let done = work(&mut session).map_err(|error| Failed::ToRun(error.to_string()))?;
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
            drop(permit);
            Ok(done)
        });
        let outcome = running
            .await
            .unwrap_or_else(|error| Err(Failed::ToRun(error.to_string())));
        outcome.map_err(|failed| match failed {
            Failed::ToLoad(error) => error,
            Failed::ToRun(reason) => IntegrationError::Unavailable {
                system: system.to_owned(),
                reason,
            },
        })
    }
}

enum Failed {
    ToLoad(IntegrationError),
    ToRun(String),
}

fn stopped() -> IntegrationError {
    IntegrationError::Unavailable {
        system: "local model".into(),
        reason: "its sessions were closed".into(),
    }
}
