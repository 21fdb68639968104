//! `./dev chaos`: load and faults, and the proof that nothing was lost and nothing done twice.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program of the tests")]
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use tests::chaos::check::{Bounds, check};
use tests::chaos::{History, Options, Plan, run};
use tests::workspace_root;

#[derive(Parser)]
#[command(about = "Load and faults against the whole system, and a proof from what an outsider saw")]
struct Arguments {
    /// How long faults and load last; the end takes up to a few minutes more.
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// The same seed makes the same plan and the same submissions; a new one by default.
    #[arg(long)]
    seed: Option<u64>,
    /// Only print what would be done.
    #[arg(long)]
    plan: bool,
    /// Judge a history that was recorded before, and run nothing.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Load only, and no faults: what the machine does to leases by itself.
    #[arg(long)]
    calm: bool,
    /// How long leases last, in seconds.
    #[arg(long, default_value_t = 2)]
    lease: u64,
    #[arg(long, default_value_t = 8)]
    tenants: usize,
    #[arg(long, default_value_t = 12)]
    clients: usize,
    /// Submissions a second.
    #[arg(long, default_value_t = 25.0)]
    rate: f64,
    /// Also fail when a job waited longer than lease + 1 s + this many milliseconds for another worker. Measured in any case.
    #[arg(long, value_name = "MS")]
    recovery_margin: Option<i64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let bounds = Bounds {
        margin_ms: arguments.recovery_margin,
    };
    if let Some(file) = &arguments.check {
        return judge(&History::read(file).unwrap(), bounds);
    }
    let seed = arguments.seed.unwrap_or_else(|| rand::random_range(1..1_000_000));
    let plan = match arguments.calm {
        true => Plan::calm(),
        false => Plan::draw(seed, arguments.minutes, arguments.lease * 1000),
    };
    println!("seed {seed}, {} minutes, {} steps", arguments.minutes, plan.steps());
    if arguments.plan {
        print!("{plan}");
        return ExitCode::SUCCESS;
    }
    let options = Options {
        seed,
        minutes: arguments.minutes,
        lease_secs: arguments.lease,
        tenants: arguments.tenants,
        clients: arguments.clients,
        rate: arguments.rate,
        directory: workspace_root().join(format!(".dev/chaos/{seed}")),
    };
    // Interrupted, it takes everything down that it has started.
    let history = tokio::select! {
        history = run(&options, &plan) => history,
        _ = tokio::signal::ctrl_c() => return ExitCode::from(130),
    };
    let verdict = judge(&history, bounds);
    println!(
        "history and logs: .dev/chaos/{seed}; again: ./dev chaos --minutes {} --seed {seed}",
        arguments.minutes
    );
    verdict
}

fn judge(history: &History, bounds: Bounds) -> ExitCode {
    let verdict = check(history, bounds);
    print!("{verdict}");
    if verdict.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
