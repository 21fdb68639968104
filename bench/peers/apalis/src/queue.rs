use anyhow::Context;
use apalis::prelude::TaskSink;
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use measure::{Subject, now_ms};
use redis::AsyncCommands;
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::process::Command;

/// The Redis database is the peers' own.
pub(crate) struct ApalisQueue {
    connection: ConnectionManager,
    storage: RedisStorage<u32>,
    queued: AtomicU64,
    /// Where the workers write which job started when.
    stamps: PathBuf,
}

/// Without results nothing is acknowledged: a job would stay in flight for ever.
pub(crate) fn config() -> Config {
    Config::default().queue("noop").batch_size(100).persist_results(true)
}

impl ApalisQueue {
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        let connection = apalis_redis::connect(url).await?;
        Ok(Self {
            storage: RedisStorage::new(connection.clone()).with_config(config()),
            connection,
            queued: AtomicU64::new(0),
            stamps: std::env::temp_dir().join(format!("apalis-peer-{}", std::process::id())),
        })
    }
}

impl Drop for ApalisQueue {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.stamps);
    }
}

impl Subject for ApalisQueue {
    async fn single(&self, n: u32) -> anyhow::Result<f64> {
        self.storage.clone().push(n).await?;
        self.queued.fetch_add(1, Ordering::Relaxed);
        Ok(now_ms())
    }

    async fn batch(&self, numbers: Range<u32>) -> anyhow::Result<()> {
        let count = u64::from(numbers.end - numbers.start);
        self.storage.clone().push_stream(futures::stream::iter(numbers)).await?;
        self.queued.fetch_add(count, Ordering::Relaxed);
        Ok(())
    }

    async fn left(&self) -> anyhow::Result<u64> {
        let done: u64 = self.connection.clone().scard(config().done_jobs_set()).await?;
        Ok(self.queued.load(Ordering::Relaxed).saturating_sub(done))
    }

    async fn purge(&self) -> anyhow::Result<()> {
        redis::cmd("FLUSHDB")
            .query_async::<()>(&mut self.connection.clone())
            .await?;
        self.queued.store(0, Ordering::Relaxed);
        std::fs::write(&self.stamps, "")?;
        Ok(())
    }

    fn worker(&self, concurrency: usize) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "apalis-peer".into()));
        command.arg("work").arg(concurrency.to_string()).arg(&self.stamps);
        command
    }

    async fn starts(&self) -> anyhow::Result<HashMap<u32, f64>> {
        // Workers write each 20 ms.
        tokio::time::sleep(Duration::from_millis(60)).await;
        let text = std::fs::read_to_string(&self.stamps)?;
        let stamp = |line: &str| {
            let (n, at) = line.split_once(' ').context("a stamp has two fields")?;
            anyhow::Ok((n.parse()?, at.parse()?))
        };
        text.lines().map(stamp).collect()
    }
}
