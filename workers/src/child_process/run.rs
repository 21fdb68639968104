use super::limits::ChildLimits;
use super::tail::read_tail;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, Command};

/// How much of what the child says on standard error is kept: the end of it.
const COMPLAINTS_BYTES: usize = 2 << 10;

/// This program again, as another command.
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    /// The child's own command, before its limits.
    pub(crate) command: &'a str,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

/// What the child may take, and what the parent takes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) child: ChildLimits,
    /// From its start to its end.
    pub(crate) time: Duration,
    pub(crate) output_bytes: usize,
}

/// How it ended by itself, or by a signal that was not ours.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) output: Vec<u8>,
    /// The end of what it said on standard error.
    pub(crate) complaints: String,
}

/// Why it was not run to its end.
#[derive(Debug)]
pub(crate) enum Stopped {
    NotStarted(io::Error),
    OutOfTime,
    TooMuchOutput,
}

/// Runs the child over `line` and `bytes`. It is dead when this returns or is dropped.
pub(crate) async fn run(
    program: &Program<'_>,
    line: &str,
    bytes: Arc<Vec<u8>>,
    limits: &Limits,
) -> Result<Ended, Stopped> {
    let mut child = start(program, limits.child).map_err(Stopped::NotStarted)?;
    let mut group = Group::of(&child);
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(input), Some(output), Some(complaints)) = pipes else {
        return Err(Stopped::NotStarted(io::Error::other("the pipes are missing")));
    };
    let exchange = async {
        // A child that ends early closes the pipe: its status tells why.
        let write = async {
            let _ = write(input, line.as_bytes(), &bytes).await;
            Ok(())
        };
        let read = read_at_most(output, limits.output_bytes);
        let complaints = async { Ok(read_tail(complaints, COMPLAINTS_BYTES).await) };
        let ((), output, complaints) = tokio::try_join!(write, read, complaints)?;
        let status = child.wait().await.map_err(Stopped::NotStarted)?;
        // Its id may be another's from here on.
        group.disarm();
        Ok(Ended {
            status,
            output,
            complaints,
        })
    };
    tokio::time::timeout(limits.time, exchange)
        .await
        .unwrap_or(Err(Stopped::OutOfTime))
}

/// In a process group of its own, with nothing of ours: no environment but what it is given, no working directory, no file but the pipes.
fn start(program: &Program<'_>, limits: ChildLimits) -> io::Result<Child> {
    Command::new(program.path)
        .arg(program.command)
        .args(limits.to_arguments())
        .args(&program.arguments)
        .env_clear()
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

async fn write(mut input: impl AsyncWrite + Unpin, line: &[u8], bytes: &[u8]) -> io::Result<()> {
    input.write_all(line).await?;
    input.write_all(bytes).await?;
    input.shutdown().await
}

async fn read_at_most(output: impl AsyncRead + Unpin, most: usize) -> Result<Vec<u8>, Stopped> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut read = Vec::new();
    // What could be read before an error is as good as what a child wrote that was killed: its status tells.
    let _ = output.take(limit).read_to_end(&mut read).await;
    if read.len() > most {
        return Err(Stopped::TooMuchOutput);
    }
    Ok(read)
}

/// The child's process group, killed when dropped: whatever it may have started dies with it.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may be gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
