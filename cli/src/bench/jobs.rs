use super::disk;
use super::report::{quantiles_row, save};
use super::rig::Rig;
use super::subject::OurQueue;
use measure::{Amounts, Figures, Quantiles, Subject, drain, enqueue_batches, measure};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// Prints what the job core does on an idle and on a busy system.
pub(crate) async fn run(output: &Path, amounts: Amounts, processes: &[usize]) -> anyhow::Result<()> {
    let rig = Rig::open().await?;
    let sync = disk::sync_cost(&rig.context.settings.storage.data_dir)?;
    let queue = Arc::new(OurQueue::new(rig, Vec::new()));
    let figures = measure(&queue, amounts, |what| eprintln!("measuring: {what}")).await?;
    let mut several = Vec::new();
    for count in processes {
        eprintln!("measuring: {count} worker processes");
        let (queued, _) = enqueue_batches(&*queue, amounts.jobs, 10_000.0).await?;
        let drained = drain(&*queue, *count, 100, queued, 30_000.0).await?;
        several.push((*count, drained.per_second));
        queue.purge().await?;
    }
    print(&sync, &figures, &several);
    let several: Vec<_> = several
        .iter()
        .map(|(processes, rate)| json!({ "processes": processes, "concurrency": 100, "jobs_per_s": rate }))
        .collect();
    save(
        output,
        &json!({ "bench": "jobs", "disk_sync_ms": sync, "figures": figures, "several_processes": several }),
    )
}

fn print(sync: &Quantiles, figures: &Figures, several: &[(usize, f64)]) {
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
        if paced.unstarted > 0 {
            println!("   {} of them did not start within 5 s", paced.unstarted);
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
    for (processes, jobs) in several {
        rate(&format!("the same, {processes} processes of 100"), *jobs);
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
