use anyhow::Context;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a worker may take to end before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A worker in a process of its own, which is killed when this is dropped.
pub struct WorkerProcess {
    child: Child,
}

impl WorkerProcess {
    /// Its standard output is thrown away; what it complains of is shown.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("the worker process cannot be started")?;
        Ok(Self { child })
    }

    /// Its resident memory now, in MB.
    ///
    /// # Errors
    /// It has ended.
    pub fn memory_now_mb(&self) -> anyhow::Result<f64> {
        self.memory_mb("VmRSS:")
    }

    /// The most that its resident memory has been, in MB.
    ///
    /// # Errors
    /// It has ended.
    pub fn memory_most_mb(&self) -> anyhow::Result<f64> {
        self.memory_mb("VmHWM:")
    }

    fn memory_mb(&self, field: &str) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let kb: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .and_then(|rest| rest.trim().strip_suffix("kB"))
            .with_context(|| format!("the worker's status has no {field}"))?
            .trim()
            .parse()?;
        Ok((kb / 102.4).round() / 10.0)
    }

    fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("the worker has ended by itself")
    }

    /// Asks it to end, and makes it after ten seconds.
    ///
    /// # Errors
    /// It had ended by itself.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.pid()?.to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await?;
        if tokio::time::timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            self.child.kill().await?;
        }
        Ok(())
    }
}
