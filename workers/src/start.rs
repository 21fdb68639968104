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
use jobs::{Pool, Popped, Subscription};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, channel};
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
    let (running, ended) = Running::new();
    let progress = ProgressBoard::default();
    let (outcomes, to_write) = finisher::outcomes();
    let bells = Bells::default();
    let runner = Runner {
        context: context.clone(),
        registry: registry.clone(),
        progress: progress.clone(),
        outcomes,
        recent: Recent::default(),
        bells: bells.clone(),
    };
    let process = Process {
        context: context.clone(),
        options: Arc::new(options),
        running,
        pulling: Tasks::default(),
        working: Tasks::default(),
        keeping: Tasks::default(),
        stop: Stops::default(),
        failed: CancellationToken::new(),
        pulse: Pulse::default(),
    };
    let pools = process.options.pools.iter();
    let alive: Arc<Vec<Alive>> = Arc::new(pools.map(|pool| process.start_pool(*pool, &runner)).collect());
    process.working.spawn(finisher::run(
        context.clone(),
        to_write,
        bells.clone(),
        process.pulse.watch("finisher", SOON),
    ));
    process.keep(alive.clone(), ended, progress, bells);
    let to_cancel = process.running.clone();
    let cancellations = context.queue.subscribe_cancellations(move |jobs| {
        jobs.iter().for_each(|job| to_cancel.stop(*job, StopReason::Cancelled));
    });
    tracing::info!(pools = ?process.options.pools, "workers started");
    if process.options.dispatch.backend == DispatchBackend::ApalisRedis {
        tracing::warn!(
            "dispatch.backend is apalis_redis: the same promises, but jobs start later and fewer run a second than with `own`"
        );
    }
    Workers {
        running: process.running,
        drain: process.options.drain(),
        longest_call: context.settings.outgoing.longest_call(),
        stop: process.stop,
        pulling: process.pulling,
        working: process.working,
        keeping: process.keeping,
        failed: process.failed,
        alive,
        pulse: process.pulse,
        context: process.context,
        _cancellations: cancellations,
    }
}

/// What the workers of a process share while they are started.
struct Process {
    context: Context,
    options: Arc<WorkerOptions>,
    running: Running,
    pulling: Tasks,
    working: Tasks,
    keeping: Tasks,
    stop: Stops,
    failed: CancellationToken,
    pulse: Pulse,
}

impl Process {
    /// What takes jobs of the pool, and what runs them.
    fn start_pool(&self, pool: Pool, runner: &Runner) -> Alive {
        // The name is unique per start, so that "which process ran this" has an answer.
        let worker: Arc<str> = format!("{pool}-{}-{}", std::process::id(), short_id()).into();
        let slots = self.options.slots(pool);
        let (jobs, pulled) = channel(slots.total());
        let recent = Recent::default();
        let pull = Pull {
            pool,
            worker: worker.clone(),
            context: self.context.clone(),
            options: self.options.clone(),
            running: self.running.clone(),
            jobs,
            slots: slots.clone(),
            stop: self.stop.pulling.clone(),
            beat: self
                .pulse
                .watch_every(format!("pull {pool}"), self.options.poll_interval(), SOON),
        };
        self.pulling.spawn(pull.run());
        if pool == Pool::Retrieval && self.options.dispatch.backend == DispatchBackend::Own {
            self.pulling.spawn(homes::run(
                self.context.clone(),
                worker.clone(),
                self.pulling.clone(),
                self.stop.pulling.clone(),
                self.pulse.watch("homes", SOON),
            ));
        }
        let runner = Runner {
            recent: recent.clone(),
            ..runner.clone()
        };
        self.working.spawn(work(
            pool,
            &worker,
            pulled,
            slots.total(),
            runner,
            self.stop.clone(),
            self.failed.clone(),
        ));
        Alive {
            name: worker,
            pool: pool.as_str(),
            slots,
            recent,
        }
    }

    /// Starts what keeps leases, the dispatch index and all else that a process looks after while it has workers.
    fn keep(&self, alive: Arc<Vec<Alive>>, ended: UnboundedReceiver<Popped>, progress: ProgressBoard, bells: Bells) {
        let (context, options) = (|| self.context.clone(), || self.options.clone());
        let (keeping, pulse) = (&self.keeping, &self.pulse);
        keeping.spawn_until_stopped(heartbeat::run(context(), alive, pulse.watch("heartbeat", SOON)));
        keeping.spawn(releases::run(context(), ended, keeping.stopping()));
        keeping.spawn_until_stopped(leases::run(
            context(),
            options(),
            self.running.clone(),
            pulse.watch_every("leases", self.options.renewal_interval(), SOON),
        ));
        keeping.spawn_until_stopped(progress::run(context(), progress, pulse.watch("progress", SOON)));
        keeping.spawn_until_stopped(batches::run(
            context(),
            options(),
            bells.batches,
            pulse.watch("batches", LONG),
        ));
        keeping.spawn_until_stopped(reconciler::expire_leases(
            context(),
            options(),
            pulse.watch_every("expire_leases", self.options.lease_check_interval(), SOON),
        ));
        keeping.spawn_until_stopped(reconciler::dispatch_due(
            context(),
            options(),
            bells.dispatch,
            pulse.watch("dispatch_due", LONG),
        ));
        keeping.spawn_until_stopped(retention::retain(context(), options(), pulse.watch("retain", LONG)));
        keeping.spawn_until_stopped(deletions::run(context(), pulse.watch("deletions", LONG)));
        keeping.spawn_until_stopped(schedules::run(context(), options(), pulse.watch("schedules", LONG)));
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
