use super::model_files::ModelFiles;
use crate::IntegrationError;
use fastembed::TextEmbedding;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Sessions that wait for work; each is loaded when it is first needed, on a blocking thread.
///
/// A session belongs to whoever holds a permit. One that failed or panicked is dropped, and the next holder loads
/// another.
pub(super) struct SessionLane {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<TextEmbedding>>>,
}

/// The right to use one session of the lane it came from.
pub(super) struct Turn {
    permit: OwnedSemaphorePermit,
    idle: Arc<Mutex<Vec<TextEmbedding>>>,
}

impl SessionLane {
    pub(super) fn new(sessions: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(sessions)),
            idle: Arc::default(),
        }
    }

    /// First come, first served.
    pub(super) async fn turn(&self) -> Result<Turn, IntegrationError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| stopped())?;
        Ok(Turn {
            permit,
            idle: Arc::clone(&self.idle),
        })
    }

    /// Only if a session is free now.
    pub(super) fn try_turn(&self) -> Option<Turn> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(Turn {
            permit,
            idle: Arc::clone(&self.idle),
        })
    }
}

impl Turn {
    /// Runs on a blocking thread, to the end even if nobody waits for the result any more.
    pub(super) async fn embed(
        self,
        files: Arc<ModelFiles>,
        texts: Vec<String>,
    ) -> Result<Vec<Vec<f32>>, IntegrationError> {
        let system = files.model_id.clone();
        let work = tokio::task::spawn_blocking(move || {
            let Self { permit, idle } = self;
            let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut session = match waiting {
                Some(session) => session,
                None => files.load()?,
            };
            let vectors = session
                .embed(&texts, None)
                .map_err(|error| IntegrationError::Unavailable {
                    system: files.model_id.clone(),
                    reason: error.to_string(),
                })?;
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
            drop(permit);
            Ok(vectors)
        });
        work.await.unwrap_or_else(|error| {
            Err(IntegrationError::Unavailable {
                system,
                reason: error.to_string(),
            })
        })
    }
}

fn stopped() -> IntegrationError {
    IntegrationError::Unavailable {
        system: "embedding model".into(),
        reason: "its sessions were closed".into(),
    }
}
