use crate::queue::config;
use apalis::prelude::{BackendExt, Data, ParallelizeExt, WorkerBuilder, WorkerBuilderExt, WorkerError};
use apalis_redis::RedisStorage;
use measure::now_ms;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Stamps = UnboundedSender<(u32, f64)>;

/// Runs jobs until SIGTERM, and writes down which started when.
pub(crate) async fn run(url: &str, concurrency: usize, stamps: &Path) -> anyhow::Result<()> {
    let (started, to_write) = unbounded_channel();
    let file = OpenOptions::new().append(true).create(true).open(stamps)?;
    let writer = tokio::spawn(write(file, to_write));
    let storage = RedisStorage::<u32>::new(apalis_redis::connect(url).await?).with_config(config());
    // A name that was used before is refused for 30 s.
    let worker = WorkerBuilder::new(format!("peer-{}", std::process::id()))
        .backend(storage.poll_with_interval(Duration::from_millis(10)))
        .data(started)
        .concurrency(concurrency)
        .parallelize(tokio::spawn)
        .build(noop);
    let mut terminate = signal(SignalKind::terminate())?;
    worker
        .run_until(async move {
            terminate.recv().await;
            Ok::<(), WorkerError>(())
        })
        .await?;
    writer.abort();
    Ok(())
}

async fn noop(n: u32, started: Data<Stamps>) {
    let _ = started.send((n, now_ms()));
}

/// Every 20 ms, as the other peers' workers tell theirs.
async fn write(mut file: std::fs::File, mut started: UnboundedReceiver<(u32, f64)>) -> anyhow::Result<()> {
    let mut stamps = Vec::new();
    while started.recv_many(&mut stamps, 10_000).await > 0 {
        let lines: String = stamps.drain(..).map(|(n, at)| format!("{n} {at}\n")).collect();
        file.write_all(lines.as_bytes())?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
