use super::report::{Times, save};
use super::rig::Rig;
use super::{disk, marks};
use jobs::{EnqueueOptions, Enqueued, Pool, enqueue};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use workers::Registry;

/// Prints the hop and the throughput of durable jobs.
pub(crate) async fn run(output: &Path, hops: usize, jobs: usize) -> anyhow::Result<()> {
    let rig = Rig::open().await?;
    let sync = disk::sync_cost(&rig.context.settings.storage.data_dir)?;
    println!("{:<44}{:>10}{:>10}{:>10}", "", "p50 ms", "p99 ms", "n");
    row("disk: 8 KiB write + fdatasync", &sync, 200);
    let (hop, commit) = hop(&rig, hops).await?;
    row("commit of one enqueued job", &commit, hops);
    row("hop, idle: commit -> handler start", &hop, hops);
    println!("\n{:<44}{:>12}", "", "jobs/s");
    let mut throughput = Vec::new();
    for concurrency in [1, 10, 100] {
        let count = if concurrency == 1 { jobs / 10 } else { jobs };
        let per_second = drain(&rig, concurrency, count).await?;
        println!(
            "{:<44}{per_second:>12.0}",
            format!("durable no-op jobs, concurrency {concurrency}")
        );
        throughput.push(json!({ "concurrency": concurrency, "jobs": count, "jobs_per_second": per_second }));
    }
    let figures: Value = json!({
        "bench": "jobs", "disk_sync": sync.to_json(), "commit": commit.to_json(), "hop_idle": hop.to_json(), "throughput": throughput,
    });
    save(output, &figures)
}

fn row(what: &str, times: &Times, n: usize) {
    println!("{what:<44}{:>10.3}{:>10.3}{n:>10}", times.ms(0.5), times.ms(0.99));
}

/// One job at a time, 20 to 40 ms apart, on an otherwise idle system.
async fn hop(rig: &Rig, count: usize) -> anyhow::Result<(Times, Times)> {
    let workers = rig.workers(&Registry::default().with::<marks::Mark>(), vec![Pool::General], |_| {});
    let (mut hop, mut commit) = (Times::new()?, Times::new()?);
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..count {
        let start = Instant::now();
        let queued = insert(rig).await?;
        let committed = Instant::now();
        rig.context.queue.push(queued.dispatch.as_slice()).await;
        commit.add(committed - start);
        let started = loop {
            match marks::started(queued.id) {
                Some(at) => break at,
                None => tokio::time::sleep(Duration::from_micros(200)).await,
            }
        };
        hop.add(started.saturating_duration_since(committed));
        tokio::time::sleep(Duration::from_millis(20 + rand::random::<u64>() % 20)).await;
    }
    workers.shut_down().await;
    Ok((hop, commit))
}

async fn insert(rig: &Rig) -> anyhow::Result<Enqueued> {
    let queued: Result<Enqueued, jobs::EnqueueError> = rig
        .context
        .store
        .tenant(rig.tenant, async |tx| {
            enqueue(tx, &marks::Mark {}, EnqueueOptions::default()).await
        })
        .await;
    Ok(queued?)
}

/// Queues everything first, then counts how fast the workers finish it, outcomes in Postgres included.
async fn drain(rig: &Rig, concurrency: usize, count: usize) -> anyhow::Result<f64> {
    marks::clear();
    let mut left = count;
    while left > 0 {
        let batch = left.min(500);
        let queued: Result<Vec<Enqueued>, jobs::EnqueueError> = rig
            .context
            .store
            .tenant(rig.tenant, async |tx| {
                let mut queued = Vec::with_capacity(batch);
                for _ in 0..batch {
                    queued.push(enqueue(tx, &marks::Mark {}, EnqueueOptions::default()).await?);
                }
                Ok(queued)
            })
            .await;
        let dispatches: Vec<_> = queued?.into_iter().filter_map(|queued| queued.dispatch).collect();
        rig.context.queue.push(&dispatches).await;
        left -= batch;
    }
    let start = Instant::now();
    let registry = Registry::default().with::<marks::Mark>();
    let workers = rig.workers(&registry, vec![Pool::General], |settings| {
        settings.workers.general = concurrency
    });
    while marks::count() < count {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // Draining writes the last outcomes down, so that it counts.
    workers.shut_down().await;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}
