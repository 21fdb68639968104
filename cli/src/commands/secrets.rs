use crate::outcome::{Advised, Outcome};
use crate::process::load_settings;
use crate::render::{print, print_json};
use anyhow::Context;
use config::Requirement;
use serde_json::json;
use store::Owner;
use store::secrets::{MasterKeys, Rewrapped, rewrap_some};

/// Webhooks in one transaction: a tenant that changes one of them waits no longer than that takes.
const STEP: i64 = 200;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Bring every secret under VISUALKIT_MASTER_KEY that VISUALKIT_ACCEPTED_MASTER_KEYS open; safe while the system runs, and to repeat
    #[command(after_help = "Exit codes:
  0  every secret is under the master key, or on a dry run can be brought under it
  3  some secrets are opened by none of the keys; they are named, and left as they are")]
    Rotate(RotateArgs),
}

#[derive(clap::Args)]
struct RotateArgs {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let Action::Rotate(args) = args.action;
    let settings = load_settings(&[Requirement::OwnerDatabase])?;
    let keys = MasterKeys::of(&settings.secrets).ok_or_else(|| {
        Advised::new(
            "there is no master key",
            "set VISUALKIT_MASTER_KEY to the new key, and VISUALKIT_ACCEPTED_MASTER_KEYS to the one before",
        )
    })?;
    let mut owner = Owner::connect(&settings.database)
        .await
        .context("cannot use DATABASE_OWNER_URL")?;
    let mut all = Rewrapped::default();
    loop {
        let step = rewrap_some(&mut owner, &keys, all.next, STEP, args.dry_run).await?;
        all.present += step.present;
        all.rewrapped += step.rewrapped;
        all.unopened.extend(step.unopened);
        all.next = step.next;
        if all.next.is_none() {
            break;
        }
    }
    if args.json {
        print_json(&as_json(&all, &keys, args.dry_run))?;
    } else {
        print(&as_text(&all, &keys, args.dry_run))?;
    }
    Ok(Outcome::done_if(all.unopened.is_empty()))
}

fn as_json(all: &Rewrapped, keys: &MasterKeys, dry_run: bool) -> serde_json::Value {
    let unopened = all.unopened.iter();
    let unopened: Vec<_> = unopened
        .map(|one| json!({ "tenant_id": one.tenant, "webhook_id": one.webhook, "error": one.error.to_string() }))
        .collect();
    json!({ "master_key": keys.sealing_id(), "dry_run": dry_run, "present": all.present, "rewrapped": all.rewrapped, "unopened": unopened })
}

fn as_text(all: &Rewrapped, keys: &MasterKeys, dry_run: bool) -> String {
    let done = if dry_run { "to be brought" } else { "brought" };
    let mut text = format!(
        "webhooks under the master key {}: {}\n{done} under it: {}\n",
        keys.sealing_id(),
        all.present,
        all.rewrapped
    );
    for one in &all.unopened {
        text.push_str(&format!(
            "not opened: webhook {} of tenant {}: {}\n",
            one.webhook, one.tenant, one.error
        ));
    }
    text
}
