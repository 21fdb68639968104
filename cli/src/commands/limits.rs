use crate::outcome::Outcome;
use crate::process::load_settings;
use crate::render::{print, print_done, print_json};
use anyhow::{Context, bail};
use config::Requirement;
use jobs::Pool;
use jobs::kinds::NAMES;
use store::limits::{self, AnyLimit, Target};
use store::{Owner, StoreError, tenants};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Set a tenant's share of a pool, or how many jobs may run at once; what is not named stays as it was set
    Set(SetArgs),
    /// Lift all that was set
    Lift(What),
}

#[derive(clap::Args)]
struct SetArgs {
    #[command(flatten)]
    what: What,
    /// The tenant's turns in the pool before the next tenant's; 1 where none were set
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=100), requires = "tenant")]
    weight: Option<i32>,
    /// At most so many jobs at once; as many as there are slots where none were set
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=100_000))]
    max_running: Option<i32>,
}

/// A tenant in a pool, or a kind of all tenants together.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct What {
    #[arg(long, value_name = "NAME", requires = "pool", conflicts_with = "kind")]
    tenant: Option<String>,
    /// ingest, retrieval, general or delivery
    #[arg(long, requires = "tenant")]
    pool: Option<Pool>,
    /// Such as ingest_document
    #[arg(long)]
    kind: Option<String>,
}

impl What {
    async fn target(&self, owner: &mut Owner) -> anyhow::Result<Target<'_>> {
        match (&self.tenant, self.pool, &self.kind) {
            (Some(name), Some(pool), None) => Ok(Target::Tenant {
                tenant: tenants::find_by_name(owner, name)
                    .await
                    .with_context(|| format!("cannot find the tenant {name}"))?
                    .id,
                pool: pool.as_str(),
            }),
            (None, None, Some(kind)) if NAMES.contains(&kind.as_str()) => Ok(Target::Kind(kind)),
            (None, None, Some(kind)) => bail!("`{kind}` is no kind of job; there are {}", NAMES.join(", ")),
            _ => bail!("name a --tenant with a --pool, or a --kind"),
        }
    }
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let mut owner = connect().await?;
    match args.command {
        None => list(&mut owner, args.json).await?,
        Some(Command::Set(set)) => {
            let target = set.what.target(&mut owner).await?;
            match target {
                Target::Kind(_) if set.max_running.is_none() => bail!("say how many may run at once: --max-running"),
                Target::Tenant { .. } if set.max_running.is_none() && set.weight.is_none() => {
                    bail!("say how many turns it has, or how many may run at once: --weight, --max-running")
                }
                _ => {}
            }
            limits::grant(&mut owner, target, set.weight, set.max_running).await?;
            print_done(args.json, "set: in force within a second or two; jobs that run go on\n")?;
        }
        Some(Command::Lift(what)) => {
            let target = what.target(&mut owner).await?;
            match limits::withdraw(&mut owner, target).await {
                Err(StoreError::NotFound { .. }) => bail!("that is not limited; `visualkit limits` lists what is"),
                lifted => lifted?,
            }
            print_done(args.json, "lifted\n")?;
        }
    }
    Ok(Outcome::Done)
}

async fn list(owner: &mut Owner, json: bool) -> anyhow::Result<()> {
    let all = limits::list_all(owner).await?;
    if json {
        print_json(&serde_json::to_value(&all)?)?;
        return Ok(());
    }
    let lines: String = all.iter().map(line).collect();
    print(if lines.is_empty() {
        "nothing is limited
"
    } else {
        &lines
    })?;
    Ok(())
}

fn line(limit: &AnyLimit) -> String {
    let what = [("tenant", &limit.tenant), ("pool", &limit.pool), ("kind", &limit.kind)];
    let what: Vec<String> = what
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)))
        .collect();
    let mut says = Vec::new();
    says.extend(limit.max_running.map(|most| format!("at most {most} at once")));
    says.extend(limit.weight.map(|weight| format!("weight {weight}")));
    format!(
        "{}: {} (set by the {})\n",
        what.join(", "),
        says.join(", "),
        limit.set_by
    )
}

async fn connect() -> anyhow::Result<Owner> {
    let settings = load_settings(&[Requirement::OwnerDatabase])?;
    Owner::connect(&settings.database)
        .await
        .context("cannot use DATABASE_OWNER_URL")
}
