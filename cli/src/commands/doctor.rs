use super::doctor_job;
use crate::doctor::{Site, examine};
use crate::outcome::Outcome;
use crate::render::{print, print_json};
use clap::Subcommand;
use config::Settings;

/// Looks an installation over: settings, servers, roles, disk, clocks, and jobs that are stuck. Changes nothing without --repair.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes:
  0  no problems, or all of them were repaired; there may be warnings
  1  there are problems
  3  no problems, but some checks could not be made"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    of: Option<Of>,
    /// Repair what can be repaired; safe while the system runs
    #[arg(long)]
    repair: bool,
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Of {
    /// Say how one job of any tenant stands, what has failed and what it waits for; nothing of its content
    Job(doctor_job::Args),
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    if let Some(Of::Job(args)) = args.of {
        return doctor_job::run(args).await;
    }
    let site = Site::reach(Settings::load(), args.repair).await;
    let report = examine(&site).await;
    if args.json {
        print_json(&report.json())?;
    } else {
        print(&report.text())?;
    }
    Ok(report.outcome())
}
