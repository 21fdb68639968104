use super::disk;
use super::report::{quantiles_row, save};
use super::rig::Rig;
use super::subject::OurQueue;
use anyhow::Context as _;
use measure::{Amounts, Figures, Quantiles, Subject, drain, enqueue_batches, measure};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// What brought ids to the workers, and the figures under it.
#[derive(Serialize)]
struct Measured {
    backend: String,
    figures: Figures,
    several_processes: Vec<Several>,
}

#[derive(Serialize)]
struct Several {
    processes: usize,
    concurrency: usize,
    jobs_per_s: f64,
}

/// Prints what the job core does on an idle and on a busy system, with each of these dispatch backends in turn.
pub(crate) async fn run(
    output: &Path,
    amounts: Amounts,
    processes: &[usize],
    backends: &[String],
) -> anyhow::Result<()> {
    let (mut sync, mut all) = (Quantiles::default(), Vec::new());
    for backend in backends {
        let rig = Rig::open().await?;
        sync = disk::sync_cost(&rig.context.settings.storage.data_dir)?;
        let setting = ("VISUALKIT__DISPATCH__BACKEND".to_owned(), backend.clone());
        let queue = Arc::new(OurQueue::new(rig, vec![setting]));
        let measured = with_backend(&queue, backend, amounts, processes).await?;
        println!("\ndispatch.backend = {backend}");
        print(&sync, &measured);
        all.push(measured);
    }
    let others = all.split_off(1.min(all.len()));
    let first = all.pop().context("no dispatch backend was named")?;
    let figures = json!({ "bench": "jobs", "disk_sync_ms": sync, "other_backends": others });
    save(output, &merged(figures, serde_json::to_value(first)?))
}

async fn with_backend(
    queue: &Arc<OurQueue>,
    backend: &str,
    amounts: Amounts,
    processes: &[usize],
) -> anyhow::Result<Measured> {
    let figures = measure(queue, amounts, |what| eprintln!("measuring ({backend}): {what}")).await?;
    let mut several_processes = Vec::new();
    for count in processes {
        eprintln!("measuring ({backend}): {count} worker processes");
        let (queued, _) = enqueue_batches(&**queue, amounts.jobs, 10_000.0).await?;
        let drained = drain(&**queue, *count, 100, queued, 30_000.0).await?;
        several_processes.push(Several {
            processes: *count,
            concurrency: 100,
            jobs_per_s: drained.per_second,
        });
        queue.purge().await?;
    }
    Ok(Measured {
        backend: backend.to_owned(),
        figures,
        several_processes,
    })
}

/// The fields of both objects.
fn merged(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

fn print(sync: &Quantiles, measured: &Measured) {
    let figures = &measured.figures;
    println!("{:<44}{:>10}{:>10}{:>10}", "", "p50 ms", "p99 ms", "n");
    quantiles_row("disk: 8 KiB write + fdatasync", sync);
    quantiles_row("idle: call -> committed", &figures.call_to_safe_idle_ms);
    quantiles_row(
        "idle: commit -> handler start (the hop)",
        &figures.safe_to_start_idle_ms,
    );
    quantiles_row("idle: return -> handler start", &figures.hop_idle_ms);
    quantiles_row("idle: call -> handler start", &figures.call_to_start_idle_ms);
    for (share, paced) in [(50, &figures.hop_paced_50), (80, &figures.hop_paced_80)] {
        let what = format!("{share} % load, {:.0}/s: call -> handler start", paced.offered_per_s);
        quantiles_row(&what, &paced.from_call);
        quantiles_row("   return -> handler start", &paced.from_return);
        if paced.unsubmitted + paced.unstarted > 0 {
            println!(
                "   the queue grows: {} were not submitted, and {} had not started, 5 s after the last",
                paced.unsubmitted, paced.unstarted
            );
        }
    }
    println!("\n{:<44}{:>12}", "", "per second");
    let rate = |what: &str, rate: f64| println!("{what:<44}{rate:>12.0}");
    rate("enqueued, one caller", figures.enqueue_single_per_s);
    rate("enqueued, 32 callers", figures.enqueue_concurrent_per_s);
    rate("enqueued in batches of 100", figures.enqueue_batch_per_s);
    for (concurrency, jobs) in &figures.jobs_per_s {
        rate(&format!("durable no-op jobs, concurrency {concurrency}"), *jobs);
    }
    for several in &measured.several_processes {
        rate(
            &format!("the same, {} processes of 100", several.processes),
            several.jobs_per_s,
        );
    }
    println!(
        "\n{:<44}{:>12.1}",
        "worker process, idle, MB", figures.worker_rss_mb_idle
    );
    println!(
        "{:<44}{:>12.1}",
        "worker process, most at 100, MB", figures.worker_rss_mb_busy
    );
}
