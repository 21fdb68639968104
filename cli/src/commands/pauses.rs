use crate::outcome::Outcome;
use crate::process::load_settings;
use crate::render::{one_line, print, print_json};
use anyhow::{Context, bail};
use config::Requirement;
use jobs::Pool;
use jobs::kinds::NAMES;
use store::pauses::{self, Target};
use store::{Owner, StoreError, tenants};

#[derive(clap::Args)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    what: What,
    /// For whoever wonders; shown to tenants by `jobs why`
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(clap::Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    what: What,
}

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    #[arg(long)]
    json: bool,
}

/// A pool, a kind, or both; or a tenant, or one kind of its jobs.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct What {
    /// Jobs of this pool: ingest, retrieval, general or delivery
    #[arg(long, conflicts_with = "tenant")]
    pool: Option<Pool>,
    /// Jobs of this kind, such as ingest_document
    #[arg(long)]
    kind: Option<String>,
    /// Only this tenant's jobs
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

impl What {
    async fn target(&self, owner: &mut Owner) -> anyhow::Result<Target<'_>> {
        let kind = self.kind.as_deref();
        if let Some(kind) = kind.filter(|kind| !NAMES.contains(kind)) {
            bail!("`{kind}` is no kind of job; there are {}", NAMES.join(", "));
        }
        Ok(match &self.tenant {
            Some(name) => Target::Tenant {
                tenant: tenants::find_by_name(owner, name)
                    .await
                    .with_context(|| format!("cannot find the tenant {name}"))?
                    .id,
                kind,
            },
            None => Target::Everybody {
                pool: self.pool.map(Pool::as_str),
                kind,
            },
        })
    }
}

pub(crate) async fn pause(args: PauseArgs) -> anyhow::Result<Outcome> {
    let mut owner = connect().await?;
    let target = args.what.target(&mut owner).await?;
    pauses::pause(&mut owner, &target, &args.reason).await?;
    print("paused: jobs that run go on, the others wait\n")?;
    Ok(Outcome::Done)
}

pub(crate) async fn resume(args: ResumeArgs) -> anyhow::Result<Outcome> {
    let mut owner = connect().await?;
    let target = args.what.target(&mut owner).await?;
    match pauses::resume(&mut owner, &target).await {
        Err(StoreError::NotFound { .. }) => {
            bail!("no operator has paused that; `visualkit pauses` lists what is paused, and by whom")
        }
        resumed => resumed?,
    }
    print("resumed: what waited is due within a second or two\n")?;
    Ok(Outcome::Done)
}

pub(crate) async fn list(args: ListArgs) -> anyhow::Result<Outcome> {
    let all = pauses::list_all(&mut connect().await?).await?;
    if args.json {
        print_json(&serde_json::to_value(&all)?)?;
        return Ok(Outcome::Done);
    }
    let lines: String = all
        .iter()
        .map(|pause| {
            let what = [("tenant", &pause.tenant), ("pool", &pause.pool), ("kind", &pause.kind)];
            let what: Vec<String> = what
                .into_iter()
                .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)))
                .collect();
            format!(
                "{}  {}  by the {}  {}\n",
                pause.created_at.format("%F %T"),
                what.join(", "),
                pause.set_by,
                one_line(&pause.reason, 200)
            )
        })
        .collect();
    print(if lines.is_empty() {
        "nothing is paused\n"
    } else {
        &lines
    })?;
    Ok(Outcome::Done)
}

async fn connect() -> anyhow::Result<Owner> {
    let settings = load_settings(&[Requirement::OwnerDatabase])?;
    Owner::connect(&settings.database)
        .await
        .context("cannot use DATABASE_OWNER_URL")
}
