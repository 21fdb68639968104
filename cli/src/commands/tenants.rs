use crate::outcome::{Advised, Outcome};
use crate::process::load_settings;
use crate::render::{print, print_json, printable};
use anyhow::Context;
use clap::Subcommand;
use config::Requirement;
use store::{Owner, StoreError, tenants};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a tenant
    #[command(visible_alias = "add")]
    Create {
        /// 1 to 63 lower-case letters, digits and hyphens
        name: String,
        /// Succeed when the tenant is there already
        #[arg(long)]
        if_missing: bool,
        #[arg(long)]
        json: bool,
    },
    /// List all tenants
    List {
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let settings = load_settings(&[Requirement::OwnerDatabase])?;
    let mut owner = Owner::connect(&settings.database)
        .await
        .context("cannot use DATABASE_OWNER_URL")?;
    match args.action {
        Action::Create { name, if_missing, json } => {
            check_name(&name)?;
            let tenant = match tenants::create(&mut owner, &name).await {
                Err(StoreError::Conflict { .. }) if if_missing => tenants::find_by_name(&mut owner, &name).await?,
                created => created?,
            };
            if json {
                print_json(&tenant)?;
            } else {
                print(&format!("{}  {}\n", tenant.id, printable(&tenant.name)))?;
            }
        }
        Action::List { json } => {
            let all = tenants::list(&mut owner).await?;
            if json {
                print_json(&all)?;
            } else {
                print(&all.iter().map(line).collect::<String>())?;
            }
        }
    }
    Ok(Outcome::Done)
}

fn line(tenant: &tenants::Tenant) -> String {
    format!(
        "{}  {}  {}\n",
        tenant.id,
        tenant.created_at.format("%F"),
        printable(&tenant.name)
    )
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let plain = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if plain && !name.starts_with('-') && (1..=63).contains(&name.len()) {
        return Ok(());
    }
    let help = "use 1 to 63 lower-case letters, digits and hyphens, not starting with a hyphen";
    Err(Advised::new(format!("`{name}` cannot be a tenant's name"), help).into())
}
