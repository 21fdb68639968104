use crate::outcome::Outcome;
use crate::process::load_settings;
use crate::render::{print, print_json};
use anyhow::Context;
use config::Requirement;
use jobs::Pool;
use store::System;
use store::pools::{PoolState, states};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let settings = load_settings(&[Requirement::SystemDatabase])?;
    let system = System::connect(&settings.database)
        .await
        .context("cannot use DATABASE_SYSTEM_URL")?;
    let found = states(&system, &Pool::ALL.map(Pool::as_str)).await?;
    if args.json {
        print_json(&serde_json::to_value(&found)?)?;
    } else {
        print(&table(&found))?;
    }
    Ok(Outcome::Done)
}

fn table(pools: &[PoolState]) -> String {
    let mut text = format!(
        "{:<11}{:>9}{:>12}{:>11}{:>9}{:>9}{:>7}{:>9}{:>7}\n",
        "pool", "queued", "oldest s", "scheduled", "running", "expired", "dead", "workers", "slots"
    );
    for pool in pools {
        let oldest = pool
            .oldest_queued_secs
            .map_or("-".to_owned(), |secs| format!("{secs:.1}"));
        let paused = if pool.paused { "  paused" } else { "" };
        text.push_str(&format!(
            "{:<11}{:>9}{oldest:>12}{:>11}{:>9}{:>9}{:>7}{:>9}{:>7}{paused}\n",
            pool.pool, pool.queued, pool.scheduled, pool.running, pool.expired, pool.dead, pool.workers, pool.slots
        ));
    }
    text
}
