use super::LocalEmbedderSettings;
use super::model_files::ModelFiles;
use crate::IntegrationError;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The yardstick for benchmarks: how long the same model takes for `texts` with nothing around it.
///
/// One session on each of `settings.sessions` threads, loaded and warm before the clock starts; batches of `batch_size`
/// texts sorted by length, taken from one list. No queue, no priorities, no checks of the result. Blocks.
pub fn bare_runtime_time(
    settings: &LocalEmbedderSettings,
    texts: &[String],
    batch_size: usize,
) -> Result<Duration, IntegrationError> {
    let files = ModelFiles::from(settings.clone());
    let failed = |error: fastembed::Error| IntegrationError::Unavailable {
        system: files.folder.model_id.clone(),
        reason: error.to_string(),
    };
    let mut sessions = Vec::new();
    for _ in 0..settings.sessions.max(1) {
        let mut session = files.load()?;
        session.embed(["warm up"], None).map_err(failed)?;
        sessions.push(session);
    }
    let mut sorted: Vec<&str> = texts.iter().map(String::as_str).collect();
    sorted.sort_by_key(|text| text.len());
    let batches: Mutex<Vec<&[&str]>> = Mutex::new(sorted.chunks(batch_size.max(1)).collect());
    let next_batch = || batches.lock().unwrap_or_else(PoisonError::into_inner).pop();

    let started = Instant::now();
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for session in sessions.iter_mut() {
            threads.push(scope.spawn(move || {
                while let Some(batch) = next_batch() {
                    session.embed(batch, None).map_err(failed)?;
                }
                Ok(())
            }));
        }
        let panicked = || IntegrationError::Unavailable {
            system: files.folder.model_id.clone(),
            reason: "a thread panicked".into(),
        };
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(panicked())))
    })?;
    Ok(started.elapsed())
}
