//! What one tenant waits while another has a backlog.
use super::report::{ms, save};
use super::rig::Rig;
use super::subject::OurQueue;
use ::jobs::Changes;
use ::jobs::kinds::diagnostics::{Noop, Sleep, Stamp};
use anyhow::{Context as _, ensure};
use measure::{Quantiles, Subject, WorkerProcess, now_ms};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use store::{JobId, TenantId};

/// Jobs that the crowd queues in one transaction.
const BATCH: usize = 500;

/// What is measured.
pub(crate) struct Options<'a> {
    /// How many jobs of the crowd wait while the neighbour's are timed.
    pub(crate) backlogs: &'a [usize],
    /// How long each of the crowd's jobs takes, in milliseconds; 0 for no-ops.
    pub(crate) lengths_ms: &'a [u64],
    /// Jobs of the neighbour that are timed, one at a time, in each case.
    pub(crate) probes: usize,
    /// Slots of the worker process for tenants that hold none there, beside its others: measured with each of these.
    pub(crate) reserves: &'a [usize],
    /// Slots of the one worker process.
    pub(crate) concurrency: usize,
    /// How long the flow of the crowd's jobs is watched when the other tenant has none.
    pub(crate) flow_secs: f64,
    /// Further settings of the worker process.
    pub(crate) settings: Vec<(String, String)>,
}

struct Bench<'a> {
    queue: OurQueue,
    changes: Changes,
    /// The tenant with the backlog.
    crowd: TenantId,
    /// The tenant whose jobs are timed.
    neighbour: TenantId,
    options: &'a Options<'a>,
}

/// What the neighbour waited in one case, from the commit to the start of the handler.
struct Case {
    reserved: usize,
    length_ms: u64,
    backlog: usize,
    waits: Quantiles,
    /// What p99 may be: twice the idle one for no-ops and where slots are reserved, else the idle one and the length of a job.
    bound_ms: Option<f64>,
}

/// Prints the neighbour's waits by the crowd's backlog and the length of its jobs.
pub(crate) async fn run(output: &Path, options: &Options<'_>) -> anyhow::Result<()> {
    let rig = Rig::open().await?;
    let neighbour = rig.tenant("bench-b").await?;
    let bench = Bench {
        changes: Changes::listen(&rig.context.queue),
        crowd: rig.tenant,
        neighbour,
        queue: OurQueue::new(rig, options.settings.clone()),
        options,
    };
    bench.clear().await?;
    let flow = bench.flow().await?;
    let idle = bench.idle().await?;
    println!(
        "{:<20}{:>9}{:>10}{:>10}{:>10}{:>12}{:>8}",
        "crowd's jobs", "reserved", "backlog", "p50 ms", "p99 ms", "bound ms", "n"
    );
    print_row("(none)", 0, 0, &idle, "");
    let mut cases = Vec::new();
    for reserved in options.reserves {
        for length_ms in options.lengths_ms {
            for backlog in options.backlogs {
                let case = bench.case(*reserved, *length_ms, *backlog, &idle).await?;
                case.print();
                cases.push(case);
            }
        }
    }
    // Once more, since the machine may have become busier or quieter.
    bench.queue.reserve(0);
    let idle_after = bench.idle().await?;
    print_row("(none, afterwards)", 0, 0, &idle_after, "");
    println!(
        "\nthe crowd alone: {:.0} jobs/s; beside a neighbour that is idle: {:.0} jobs/s; the slots allow {:.0}",
        flow.alone, flow.beside_idle, flow.possible
    );
    let cases: Vec<Value> = cases.iter().map(Case::to_json).collect();
    save(
        output,
        &json!({
            "bench": "neighbours", "concurrency": options.concurrency, "settings": options.settings, "idle_ms": idle,
            "idle_afterwards_ms": idle_after, "cases": cases, "flow_jobs_per_s": {
                "alone": flow.alone, "beside_idle": flow.beside_idle, "possible": flow.possible, "length_ms": FLOW_LENGTH_MS,
            },
        }),
    )
}

/// Long enough that the slots, and not the machine, are what limits the flow.
const FLOW_LENGTH_MS: u64 = 50;

/// Jobs of the crowd that ended a second.
struct Flow {
    /// Nobody else has ever had a job.
    alone: f64,
    /// Another tenant has had one, and has none now.
    beside_idle: f64,
    /// What the slots allow.
    possible: f64,
}

impl Bench<'_> {
    async fn clear(&self) -> anyhow::Result<()> {
        self.queue.clear(&[self.crowd, self.neighbour]).await
    }

    fn worker(&self) -> anyhow::Result<WorkerProcess> {
        WorkerProcess::start(self.queue.worker(self.options.concurrency))
    }

    /// The neighbour's waits when nobody else has jobs.
    async fn idle(&self) -> anyhow::Result<Quantiles> {
        let worker = self.worker()?;
        self.probe().await?;
        let mut waits = Vec::new();
        while waits.len() < self.options.probes {
            waits.push(self.probe().await?);
        }
        worker.stop().await?;
        self.clear().await?;
        Ok(Quantiles::of(waits))
    }

    async fn case(&self, reserved: usize, length_ms: u64, backlog: usize, idle: &Quantiles) -> anyhow::Result<Case> {
        self.queue.reserve(reserved);
        let worker = self.worker()?;
        self.probe().await?;
        let mut waits = Vec::new();
        while waits.len() < self.options.probes {
            self.fill(length_ms, backlog).await?;
            // Not while it is filled up: what is measured is waiting, not the load of queueing.
            while waits.len() < self.options.probes && self.queue.waiting().await? >= (backlog / 2) as u64 {
                waits.push(self.probe().await?);
            }
        }
        worker.stop().await?;
        self.clear().await?;
        let bound = |idle: f64| {
            if length_ms == 0 || reserved > 0 {
                2.0 * idle
            } else {
                idle + length_ms as f64
            }
        };
        Ok(Case {
            reserved,
            length_ms,
            backlog,
            waits: Quantiles::of(waits),
            bound_ms: idle.p99.map(bound),
        })
    }

    /// Brings what waits of the crowd up to `backlog`, or beyond by less than a batch: workers may be as fast as single jobs are queued.
    async fn fill(&self, length_ms: u64, backlog: usize) -> anyhow::Result<()> {
        loop {
            if self.queue.waiting().await? >= backlog as u64 {
                return Ok(());
            }
            if length_ms == 0 {
                self.queue.queue_many(self.crowd, &Noop {}, BATCH).await?;
            } else {
                self.queue
                    .queue_many(self.crowd, &Sleep { ms: length_ms }, BATCH)
                    .await?;
            }
        }
    }

    /// One job of the neighbour, some time after the last: how long it waited from its commit to the start of its handler.
    async fn probe(&self) -> anyhow::Result<f64> {
        tokio::time::sleep(Duration::from_millis(rand::random_range(20..40))).await;
        let id = JobId::generate();
        // Watched from before it exists: no change of it goes unheard.
        let watcher = self.changes.watch(id);
        let committed = self.queue.queue_stamp(self.neighbour, id).await?;
        let deadline = now_ms() + 60_000.0;
        while now_ms() < deadline {
            if let Some((_, started)) = self.queue.started(self.neighbour, &[id]).await?.first() {
                return Ok(started - committed);
            }
            watcher.changed().await;
        }
        anyhow::bail!("a job of the neighbour did not end within a minute")
    }

    /// Whether slots stand empty while only one tenant has jobs.
    async fn flow(&self) -> anyhow::Result<Flow> {
        let alone = self.flow_once(false).await?;
        let beside_idle = self.flow_once(true).await?;
        Ok(Flow {
            alone,
            beside_idle,
            possible: self.options.concurrency as f64 * 1000.0 / FLOW_LENGTH_MS as f64,
        })
    }

    async fn flow_once(&self, neighbour: bool) -> anyhow::Result<f64> {
        let worker = self.worker()?;
        self.queue.queue_many(self.crowd, &Stamp {}, 1).await?;
        if neighbour {
            self.probe().await?;
        }
        let backlog =
            (self.options.concurrency as f64 * 1000.0 / FLOW_LENGTH_MS as f64 * self.options.flow_secs * 2.0) as usize;
        self.fill(FLOW_LENGTH_MS, backlog).await?;
        // Once it flows steadily.
        while self.queue.waiting().await? > (backlog * 9 / 10) as u64 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (before, start) = (self.queue.waiting().await?, now_ms());
        tokio::time::sleep(Duration::from_secs_f64(self.options.flow_secs)).await;
        let (after, end) = (self.queue.waiting().await?, now_ms());
        ensure!(after > 0, "the crowd's jobs ran out while they were counted");
        worker.stop().await?;
        self.clear().await?;
        let taken = before.checked_sub(after).context("more jobs wait than before")?;
        Ok(taken as f64 * 1e3 / (end - start))
    }
}

impl Case {
    fn print(&self) {
        let jobs = match self.length_ms {
            0 => "no-ops".to_owned(),
            length_ms => format!("{length_ms} ms each"),
        };
        let bound = match (self.waits.p99, self.bound_ms) {
            (Some(p99), Some(bound)) if p99 <= bound => format!("<= {bound:.1}"),
            (_, bound) => format!("> {}", ms(bound)),
        };
        print_row(&jobs, self.reserved, self.backlog, &self.waits, &bound);
    }

    fn to_json(&self) -> Value {
        let kept = self.waits.p99.zip(self.bound_ms).map(|(p99, bound)| p99 <= bound);
        json!({
            "reserved": self.reserved, "length_ms": self.length_ms, "backlog": self.backlog, "wait_ms": self.waits, "bound_ms": self.bound_ms, "kept": kept,
        })
    }
}

fn print_row(jobs: &str, reserved: usize, backlog: usize, waits: &Quantiles, bound: &str) {
    println!(
        "{jobs:<20}{reserved:>9}{backlog:>10}{:>10}{:>10}{bound:>12}{:>8}",
        ms(waits.p50),
        ms(waits.p99),
        waits.n
    );
}
