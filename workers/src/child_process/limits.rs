use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use std::ffi::{OsStr, OsString};

/// What the program's code, its stack and shared mappings may take beside its data.
const BESIDE_DATA_BYTES: u64 = 1 << 30;
/// Enough for the nesting that parsers allow.
const STACK_BYTES: u64 = 64 << 20;

/// What the child process may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChildLimits {
    /// Memory that it writes to.
    pub(crate) memory_bytes: u64,
    /// Time on the processor.
    pub(crate) cpu_secs: u64,
}

impl ChildLimits {
    pub(crate) fn to_arguments(self) -> [String; 2] {
        [self.memory_bytes.to_string(), self.cpu_secs.to_string()]
    }

    /// The first two of `arguments`.
    pub(crate) fn from_arguments(arguments: &mut impl Iterator<Item = OsString>) -> Option<Self> {
        let mut number = || arguments.next().as_deref().and_then(OsStr::to_str)?.parse().ok();
        Some(Self {
            memory_bytes: number()?,
            cpu_secs: number()?,
        })
    }

    /// Puts this process under the limits, for good: no more than `open_files` at once, the three it was started with among them, no other processes, no new rights,
    /// and its end when the thread that started it ends.
    pub(crate) fn apply(self, open_files: u64) -> rustix::io::Result<()> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        rustix::thread::set_no_new_privs(true)?;
        limit(Resource::Core, 0)?;
        limit(Resource::Fsize, 0)?;
        limit(Resource::Nproc, 0)?;
        limit(Resource::Nofile, open_files)?;
        limit(Resource::Stack, STACK_BYTES)?;
        limit(Resource::Data, self.memory_bytes)?;
        limit(Resource::As, self.memory_bytes.saturating_add(BESIDE_DATA_BYTES))?;
        // The signal at the soft limit tells what happened; at the hard one it would be SIGKILL.
        let cpu = Resource::Cpu;
        let hard = least(getrlimit(cpu).maximum, self.cpu_secs + 1);
        let soft = self.cpu_secs.min(hard);
        setrlimit(
            cpu,
            Rlimit {
                current: Some(soft),
                maximum: Some(hard),
            },
        )
    }
}

/// Sets both limits, or leaves a stricter one as it is.
fn limit(resource: Resource, most: u64) -> rustix::io::Result<()> {
    let limit = Some(least(getrlimit(resource).maximum, most));
    setrlimit(
        resource,
        Rlimit {
            current: limit,
            maximum: limit,
        },
    )
}

/// `None` is no limit.
fn least(limit: Option<u64>, most: u64) -> u64 {
    limit.map_or(most, |limit| limit.min(most))
}
