use crate::Envelope;
use apalis::prelude::{Backend, Task, TaskBuilder, WorkerContext};
use apalis_core::backend::BackendConfig;
use apalis_core::backend::finalize::Ephemeral;
use std::convert::Infallible;
use std::task::{Context, Poll};
use tokio::sync::mpsc::Receiver;
use tower_layer::Identity;

/// What apalis polls: jobs that [`pull`](crate::pull) has claimed. It never fails, so that no error of Redis or Postgres can end a
/// worker, and it ends when the pulling ends.
pub(crate) struct PulledJobs {
    pub(crate) jobs: Receiver<Envelope>,
}

impl Backend for PulledJobs {
    type Task = Task<Envelope>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Option<Result<Task<Envelope>, Infallible>>> {
        self.jobs.poll_recv(cx).map(|job| job.map(|envelope| Ok(TaskBuilder::new(envelope).build())))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.jobs.close();
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for PulledJobs {
    type Args = Envelope;
    type Id = uuid::Uuid;
    /// Nothing is kept here: Postgres keeps the jobs.
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}
