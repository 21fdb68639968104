use crate::Envelope;
use apalis::prelude::{Backend, Task, TaskBuilder, TaskId, WorkerContext};
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

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<Envelope>, Infallible>>> {
        self.jobs
            .poll_recv(cx)
            .map(|job| job.map(|envelope| Ok(task(envelope))))
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

/// apalis wants an id for each task it runs: the job may run here twice at once when its lease was lost, so it is the lease's.
fn task(envelope: Envelope) -> Task<Envelope> {
    let id = format!("{}/{}", envelope.job.id, envelope.job.lease_token);
    TaskBuilder::new(envelope).task_id(TaskId::from_string(id)).build()
}
