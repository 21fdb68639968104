use crate::{Done, JobContext, JobError};
use futures::future::BoxFuture;
use jobs::{Kind, RetryPolicy};
use serde_json::Value;
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

/// The logic of a kind.
pub trait Handle: Kind {
    /// Runs one attempt. The future may be dropped at any await: when the job is cancelled, its lease is lost or the process stops. But for a lost lease, a call
    /// through [`JobContext::effect`] is let end first.
    fn handle(self, job: JobContext) -> impl Future<Output = Result<Done, JobError>> + Send;
}

/// How one kind is run.
#[derive(Clone, Copy)]
pub(crate) struct Handler {
    pub(crate) version: i16,
    pub(crate) retry: RetryPolicy,
    pub(crate) steps: &'static [&'static str],
    pub(crate) run: fn(Value, JobContext) -> BoxFuture<'static, Result<Done, JobError>>,
}

/// The kinds this process can run.
#[derive(Clone, Default)]
pub struct Registry {
    handlers: Arc<HashMap<&'static str, Handler>>,
}

impl Registry {
    /// Adds a kind.
    #[must_use]
    pub fn with<K: Handle>(mut self) -> Self {
        let handler = Handler {
            version: K::VERSION,
            retry: K::RETRY,
            steps: K::STEPS,
            run: run::<K>,
        };
        Arc::make_mut(&mut self.handlers).insert(K::NAME, handler);
        self
    }

    /// Each kind with its steps.
    #[cfg(test)]
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        self.handlers.iter().map(|(kind, handler)| (*kind, handler.steps))
    }

    /// The handler of a kind whose payloads of this version it can read.
    pub(crate) fn find(&self, kind: &str, payload_version: i16) -> Option<Handler> {
        self.handlers
            .get(kind)
            .copied()
            .filter(|handler| payload_version <= handler.version)
    }
}

fn run<K: Handle>(payload: Value, job: JobContext) -> BoxFuture<'static, Result<Done, JobError>> {
    Box::pin(async move {
        let kind: K = serde_json::from_value(payload)
            .map_err(|error| JobError::permanent("invalid_payload", format!("The payload cannot be read: {error}")))?;
        kind.handle(job).await
    })
}
