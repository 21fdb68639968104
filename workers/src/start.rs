use crate::backend::PulledJobs;
use crate::bell::Bells;
use crate::heartbeat::Alive;
use crate::progress::ProgressBoard;
use crate::pull::Pull;
use crate::pulse::{LONG, Pulse, SOON};
use crate::recent::Recent;
use crate::run::{Runner, run};
use crate::running::{Running, StopReason};
use crate::{
    Context, Envelope, Registry, Tasks, WorkerOptions, batches, deletions, finisher, heartbeat, homes, leases,
    progress, reconciler, releases, retention, schedules,
};
use apalis::prelude::{ParallelizeExt, WorkerBuilder, WorkerBuilderExt, WorkerError};
use config::DispatchBackend;
use futures::FutureExt;
use jobs::{Pool, Subscription};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::sync::CancellationToken;

/// The workers of a process.
pub struct Workers {
    running: Running,
    drain: Duration,
    /// How long a call to the outside may take.
    longest_call: Duration,
    stop: Stops,
    /// What takes jobs: ends by itself once told to stop and what it has popped is claimed.
    pulling: Tasks,
    /// The apalis workers and the finisher: they end by themselves once told to stop.
    working: Tasks,
    /// What keeps leases and the dispatch index: needed until the last job has ended.
    keeping: Tasks,
    failed: CancellationToken,
    alive: Arc<Vec<Alive>>,
    pulse: Pulse,
    context: Context,
    _cancellations: Subscription,
}

/// The two steps of a shutdown.
#[derive(Clone, Default)]
struct Stops {
    /// No more jobs are taken.
    pulling: CancellationToken,
    /// The apalis workers end: when nothing runs any more.
    working: CancellationToken,
}

/// Starts a worker for each of the pools, and what they need.
#[must_use]
pub fn start(context: &Context, registry: &Registry, options: WorkerOptions) -> Workers {
    let options = Arc::new(options);
    let (running, ended) = Running::new();
    let progress = ProgressBoard::default();
    let (outcomes, to_write) = finisher::outcomes();
    let (pulling, working, keeping) = (Tasks::default(), Tasks::default(), Tasks::default());
    let (stop, failed) = (Stops::default(), CancellationToken::new());
    let pulse = Pulse::default();
    let bells = Bells::default();
    let runner = Runner {
        context: context.clone(),
        registry: registry.clone(),
        progress: progress.clone(),
        outcomes,
        recent: Recent::default(),
        bells: bells.clone(),
    };

    let mut alive = Vec::new();
    for pool in &options.pools {
        // The name is unique per start, so that "which process ran this" has an answer.
        let worker: Arc<str> = format!("{pool}-{}-{}", std::process::id(), short_id()).into();
        let slots = options.slots(*pool);
        let (jobs, pulled) = channel(slots.total());
        let recent = Recent::default();
        alive.push(Alive {
            name: worker.clone(),
            pool: pool.as_str(),
            slots: slots.clone(),
            recent: recent.clone(),
        });
        let pull = Pull {
            pool: *pool,
            worker: worker.clone(),
            context: context.clone(),
            options: options.clone(),
            running: running.clone(),
            jobs,
            slots: slots.clone(),
            stop: stop.pulling.clone(),
            beat: pulse.watch_every(format!("pull {pool}"), options.poll_interval(), SOON),
        };
        pulling.spawn(pull.run());
        if *pool == Pool::Retrieval && options.dispatch.backend == DispatchBackend::Own {
            pulling.spawn(homes::run(
                context.clone(),
                worker.clone(),
                pulling.clone(),
                stop.pulling.clone(),
                pulse.watch("homes", SOON),
            ));
        }
        working.spawn(work(
            *pool,
            &worker,
            pulled,
            slots.total(),
            Runner {
                recent,
                ..runner.clone()
            },
            stop.clone(),
            failed.clone(),
        ));
    }
    working.spawn(finisher::run(
        context.clone(),
        to_write,
        bells.clone(),
        pulse.watch("finisher", SOON),
    ));
    let alive = Arc::new(alive);
    keeping.spawn_until_stopped(heartbeat::run(
        context.clone(),
        alive.clone(),
        pulse.watch("heartbeat", SOON),
    ));
    keeping.spawn(releases::run(context.clone(), ended, keeping.stopping()));
    keeping.spawn_until_stopped(leases::run(
        context.clone(),
        options.clone(),
        running.clone(),
        pulse.watch_every("leases", options.renewal_interval(), SOON),
    ));
    keeping.spawn_until_stopped(progress::run(context.clone(), progress, pulse.watch("progress", SOON)));
    keeping.spawn_until_stopped(batches::run(
        context.clone(),
        options.clone(),
        bells.batches,
        pulse.watch("batches", LONG),
    ));
    keeping.spawn_until_stopped(reconciler::expire_leases(
        context.clone(),
        options.clone(),
        pulse.watch_every("expire_leases", options.lease_check_interval(), SOON),
    ));
    keeping.spawn_until_stopped(reconciler::dispatch_due(
        context.clone(),
        options.clone(),
        bells.dispatch,
        pulse.watch("dispatch_due", LONG),
    ));
    keeping.spawn_until_stopped(retention::retain(
        context.clone(),
        options.clone(),
        pulse.watch("retain", LONG),
    ));
    keeping.spawn_until_stopped(deletions::run(context.clone(), pulse.watch("deletions", LONG)));
    keeping.spawn_until_stopped(schedules::run(
        context.clone(),
        options.clone(),
        pulse.watch("schedules", LONG),
    ));
    let to_cancel = running.clone();
    let cancellations = context.queue.subscribe_cancellations(move |jobs| {
        jobs.iter().for_each(|job| to_cancel.stop(*job, StopReason::Cancelled));
    });
    tracing::info!(pools = ?options.pools, "workers started");
    if options.dispatch.backend == DispatchBackend::ApalisRedis {
        tracing::warn!(
            "dispatch.backend is apalis_redis: the same promises, but jobs start later and fewer run a second than with `own`"
        );
    }
    Workers {
        running,
        drain: options.drain(),
        longest_call: context.settings.outgoing.longest_call(),
        stop,
        pulling,
        working,
        keeping,
        failed,
        alive,
        pulse,
        context: context.clone(),
        _cancellations: cancellations,
    }
}

/// One apalis worker: it runs a pool's jobs, each on a task of its own, as many at once as there are slots.
fn work(
    pool: Pool,
    name: &str,
    jobs: Receiver<Envelope>,
    slots: usize,
    runner: Runner,
    stop: Stops,
    failed: CancellationToken,
) -> impl Future<Output = ()> + Send + 'static {
    #[expect(
        clippy::disallowed_methods,
        reason = "the running table tracks each job, and shutdown waits for it"
    )]
    let worker = WorkerBuilder::new(name)
        .backend(PulledJobs { jobs })
        .data(runner)
        .concurrency(slots)
        .parallelize(tokio::spawn)
        .build(run);
    let stopped = stop.working.clone().cancelled_owned().map(Ok::<(), WorkerError>);
    let working = AssertUnwindSafe(worker.run_until(stopped)).catch_unwind().boxed();
    async move {
        // A panic here is apalis's or ours, never a handler's.
        let ended = working.await.map_err(|_| "panicked");
        if !stop.pulling.is_cancelled() {
            // Jobs would pile up unseen: better the process ends and is started again.
            tracing::error!(%pool, ?ended, "a worker ended by itself");
            failed.cancel();
        }
    }
}

impl Workers {
    /// Whether the loops that take jobs and keep leases and the dispatch index still go round.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Resolves when a worker has ended by itself: the process should end too.
    pub async fn failed(&self) {
        self.failed.cancelled().await;
    }

    /// Takes no more jobs, lets the running ones finish for the drain time, hands the others back, and writes everything down.
    pub async fn shut_down(self) {
        tracing::info!(running = self.running.len(), "draining");
        self.stop.pulling.cancel();
        // First, or a job that is being claimed at this moment would be missed by all that follows.
        if tokio::time::timeout(Duration::from_secs(10), self.pulling.stop())
            .await
            .is_err()
        {
            tracing::warn!("jobs are still being claimed; their leases will expire");
        }
        if tokio::time::timeout(self.drain, self.running.empty()).await.is_err() {
            tracing::info!(running = self.running.len(), "handing jobs back");
            self.running.stop_all(StopReason::HandBack);
            // Calls that are in flight end first.
            let _ = tokio::time::timeout(self.longest_call + Duration::from_secs(10), self.running.empty()).await;
        }
        self.stop.working.cancel();
        if tokio::time::timeout(Duration::from_secs(10), self.working.stop())
            .await
            .is_err()
        {
            tracing::warn!("some workers did not stop; their leases will expire");
        }
        self.keeping.stop().await;
        heartbeat::stopped(&self.context, &self.alive).await;
        tracing::info!("workers stopped");
    }
}

fn short_id() -> String {
    uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect()
}
