use crate::outcome::Outcome;
use crate::process::load_settings;
use crate::render::print;
use anyhow::Context;
use config::Requirement;
use std::time::Duration;
use store::Owner;

/// Applies the migrations that the database lacks; safe to run again, and from several machines at once.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only list what would be applied; exit code 3 when something would
    #[arg(long)]
    check: bool,
    /// How long one that does not get its locks is tried again
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    lock_patience_secs: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let settings = load_settings(&[Requirement::OwnerDatabase])?;
    let owner = Owner::connect(&settings.database)
        .await
        .context("cannot use DATABASE_OWNER_URL")?;
    if args.check {
        let pending = store::pending_migrations(owner).await?;
        print(&lines("pending", &pending))?;
        return Ok(Outcome::done_if(pending.is_empty()));
    }
    let patience = Duration::from_secs(args.lock_patience_secs);
    let applied = store::migrate(owner, patience, |waits| eprintln!("{waits}")).await?;
    if applied.is_empty() {
        print("nothing to apply\n")?;
    } else {
        print(&lines("applied", &applied))?;
    }
    Ok(Outcome::Done)
}

fn lines(what: &str, names: &[String]) -> String {
    names.iter().map(|name| format!("{what}  {name}\n")).collect()
}
