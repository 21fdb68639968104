use crate::outcome::Outcome;
use crate::process::load_settings;
use crate::render::{print, print_json};
use anyhow::Context;
use config::Requirement;
use jobs::Pool;
use store::System;
use store::pools::{COUNTED, PoolState, states};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let found = pools(&connect().await?).await?;
    if args.json {
        print_json(&serde_json::to_value(&found)?)?;
    } else {
        print(&table(&found))?;
    }
    Ok(Outcome::Done)
}

pub(super) async fn connect() -> anyhow::Result<System> {
    let settings = load_settings(&[Requirement::SystemDatabase])?;
    System::connect(&settings.database)
        .await
        .context("cannot use DATABASE_SYSTEM_URL")
}

pub(super) async fn pools(system: &System) -> anyhow::Result<Vec<PoolState>> {
    Ok(states(system, &Pool::ALL.map(Pool::as_str)).await?)
}

pub(super) fn table(pools: &[PoolState]) -> String {
    let mut text = format!(
        "{:<10}{:>9}{:>10}{:>11}{:>9}{:>8}{:>8}{:>10}{:>8}{:>9}{:>8}\n",
        "pool", "queued", "oldest s", "backlog s", "running", "slots", "fail %", "later", "dead", "expired", "workers"
    );
    for pool in pools {
        let load = &pool.load;
        let paused = if load.paused { "  paused" } else { "" };
        text.push_str(&format!(
            "{:<10}{:>9}{:>10}{:>11}{:>9}{:>8}{:>8}{:>10}{:>8}{:>9}{:>8}{paused}\n",
            load.pool,
            counted(load.queued),
            number(load.oldest_queued_secs),
            number(load.backlog_secs),
            load.running,
            load.slots,
            number(load.failure_rate.map(|rate| rate * 100.0)),
            pool.scheduled,
            pool.dead,
            load.expired,
            load.workers,
        ));
    }
    text
}

/// A number that was counted up to a limit.
pub(super) fn counted(count: i64) -> String {
    if count >= COUNTED {
        format!("{count}+")
    } else {
        count.to_string()
    }
}

/// With one decimal; `-` when it is unknown.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.1}"))
}
