//! What the nemesis will do, drawn from a seed. The plan is reproducible; when exactly the operating system lets it happen is not.
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::fmt;
use std::time::Duration;

/// The parts that run jobs.
pub(crate) const WORKERS: [&str; 3] = ["worker-1", "worker-2", "worker-3"];
pub(crate) const API: &str = "api";

/// A server behind a part's own network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Postgres,
    Redis,
}

/// How a network fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Open connections are reset; new ones work.
    Cut,
    /// Open ones fall silent for ever; new ones work.
    Strand,
    /// All are reset, and new ones are refused.
    Refuse,
    /// Nothing arrives and nothing ends.
    Stall,
    /// Each piece of data takes so many milliseconds.
    Slow(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL; started again after the hold.
    Kill(&'static str),
    /// SIGTERM; started again after the hold.
    Terminate(&'static str),
    /// SIGSTOP for the hold.
    Freeze(&'static str),
    /// Killed, and started again with a clock that is wrong by so many milliseconds.
    Skew(&'static str, i64),
    /// The network between one part and one server.
    Network(&'static str, Server, Outage),
    /// FLUSHALL.
    WipeRedis,
    /// SIGKILL; started again after the hold, with or without what it had on disk.
    KillRedis {
        keeps: bool,
    },
    KillPostgres,
    /// A clean stop, and a start after the hold.
    RestartPostgres,
    /// All processes of ours that run jobs, and with them every reconciler.
    KillWorkers,
    /// Our processes and both servers, at once.
    KillEverything,
}

/// A fault, and how long it holds before it is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) fault: Fault,
    pub(crate) hold: Duration,
}

/// Faults that come at the same time, after a while without any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) calm: Duration,
    pub(crate) faults: Vec<Planned>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(crate) steps: Vec<Step>,
}

impl Fault {
    /// What may be away or slow while it holds.
    pub(crate) fn parts(&self) -> Vec<&'static str> {
        match self {
            Self::Kill(part) | Self::Terminate(part) | Self::Freeze(part) | Self::Skew(part, _) => vec![part],
            Self::Network(part, ..) => vec![part],
            Self::WipeRedis | Self::KillRedis { .. } => vec!["redis"],
            Self::KillPostgres | Self::RestartPostgres => vec!["postgres"],
            Self::KillWorkers => WORKERS.to_vec(),
            Self::KillEverything => [&WORKERS[..], &[API, "postgres", "redis"]].concat(),
        }
    }
}

impl Plan {
    /// For that many minutes of faults, by leases of `lease_ms`.
    #[must_use]
    pub fn draw(seed: u64, minutes: f64, lease_ms: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut left = Duration::from_secs_f64(minutes * 60.0);
        let mut steps = Vec::new();
        while !left.is_zero() {
            let step = Step::draw(&mut random, lease_ms);
            let longest = step.faults.iter().map(|planned| planned.hold).max().unwrap_or_default();
            left = left.saturating_sub(step.calm + longest);
            steps.push(step);
        }
        Self { steps }
    }

    /// Nothing happens.
    #[must_use]
    pub fn calm() -> Self {
        Self { steps: Vec::new() }
    }

    /// How many times faults come.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps.len()
    }
}

impl Step {
    fn draw(random: &mut StdRng, lease_ms: u64) -> Self {
        // Often long enough for a lease to end and its jobs to begin again without another fault, so that recovery can be judged.
        let calm = Duration::from_millis(random.random_range(300..2 * lease_ms + 1500));
        let wanted = if random.random_bool(0.35) { 2 } else { 1 };
        let mut faults: Vec<Planned> = Vec::new();
        for _ in 0..wanted {
            let planned = Planned::draw(random, lease_ms);
            let taken = |part: &&str| faults.iter().any(|other| other.fault.parts().contains(part));
            if !planned.fault.parts().iter().any(taken) {
                faults.push(planned);
            }
        }
        Self { calm, faults }
    }
}

impl Planned {
    fn draw(random: &mut StdRng, lease_ms: u64) -> Self {
        let worker = WORKERS.choose(random).copied().unwrap_or(API);
        let anyone = if random.random_bool(0.2) { API } else { worker };
        let short = Duration::from_millis(random.random_range(0..1500));
        let long = Duration::from_millis(random.random_range(lease_ms..3 * lease_ms + 1500));
        let (fault, hold) = match random.random_range(0..100) {
            0..18 => (Fault::Kill(worker), long),
            18..34 => (Fault::Freeze(worker), long),
            34..40 => (Fault::Terminate(anyone), short),
            40..45 => (Fault::Kill(API), short),
            45..47 => (Fault::Freeze(API), short),
            47..53 => {
                let offset = *[-600_000, -5_000, 5_000, 600_000].choose(random).unwrap_or(&5_000);
                (Fault::Skew(anyone, offset), short)
            }
            53..75 => {
                let server = if random.random_bool(0.5) {
                    Server::Postgres
                } else {
                    Server::Redis
                };
                let outage = match random.random_range(0..5) {
                    0 => Outage::Cut,
                    1 => Outage::Strand,
                    2 => Outage::Refuse,
                    3 => Outage::Stall,
                    _ => Outage::Slow(random.random_range(5..120)),
                };
                (Fault::Network(anyone, server, outage), long)
            }
            75..82 => (Fault::WipeRedis, Duration::ZERO),
            82..89 => (
                Fault::KillRedis {
                    keeps: random.random_bool(0.3),
                },
                short,
            ),
            89..93 => (Fault::KillPostgres, short),
            93..96 => (Fault::RestartPostgres, short),
            96..98 => (Fault::KillWorkers, short),
            _ => (Fault::KillEverything, short),
        };
        Self { fault, hold }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            let faults: Vec<String> = step.faults.iter().map(ToString::to_string).collect();
            writeln!(
                f,
                "{at:>4}  after {:>5} ms  {}",
                step.calm.as_millis(),
                faults.join("  +  ")
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.hold.as_millis();
        match &self.fault {
            Fault::Kill(part) => write!(f, "kill {part}, start it after {ms} ms"),
            Fault::Terminate(part) => write!(f, "terminate {part}, start it after {ms} ms"),
            Fault::Freeze(part) => write!(f, "freeze {part} for {ms} ms"),
            Fault::Skew(part, offset) => write!(f, "kill {part}, start it with its clock {offset:+} ms"),
            Fault::Network(part, server, outage) => write!(f, "{part} to {server:?}: {outage:?} for {ms} ms"),
            Fault::WipeRedis => write!(f, "wipe Redis"),
            Fault::KillRedis { keeps: true } => write!(f, "kill Redis for {ms} ms"),
            Fault::KillRedis { keeps: false } => write!(f, "kill Redis for {ms} ms, and delete its files"),
            Fault::KillPostgres => write!(f, "kill PostgreSQL for {ms} ms"),
            Fault::RestartPostgres => write!(f, "stop PostgreSQL for {ms} ms"),
            Fault::KillWorkers => write!(f, "kill all workers for {ms} ms"),
            Fault::KillEverything => write!(f, "kill everything for {ms} ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_plan_and_another_seed_another() {
        let plan = Plan::draw(7, 2.0, 2000);
        assert_eq!(plan, Plan::draw(7, 2.0, 2000));
        assert_ne!(plan, Plan::draw(8, 2.0, 2000));
    }

    #[test]
    fn a_longer_run_begins_like_a_shorter_one() {
        let (short, long) = (Plan::draw(7, 1.0, 2000), Plan::draw(7, 9.0, 2000));
        assert_eq!(short.steps, long.steps[..short.steps.len()]);
    }

    #[test]
    fn faults_of_one_step_disturb_different_parts() {
        for step in Plan::draw(3, 60.0, 2000).steps {
            let mut parts: Vec<_> = step.faults.iter().flat_map(|planned| planned.fault.parts()).collect();
            let all = parts.len();
            parts.sort_unstable();
            parts.dedup();
            assert_eq!(parts.len(), all, "{step:?}");
        }
    }
}
