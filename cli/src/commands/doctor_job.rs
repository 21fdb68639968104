use super::top::names;
use crate::client::{Job, Step};
use crate::job_text::{details, step_lines, why_text};
use crate::outcome::{Advised, Outcome};
use crate::process::load_settings;
use crate::render::{print, print_json, printable};
use anyhow::Context;
use api::OperatorsJob;
use config::Requirement;
use jobs::Queue;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{JobId, Store, StoreError, System, TenantId};
use uuid::Uuid;

#[derive(clap::Args)]
#[command(after_help = "Exit codes:
  0  the job was found, whatever it says of itself
  1  there is no such job, or it could not be asked for")]
pub(super) struct Args {
    #[arg(value_name = "JOB_ID")]
    id: Uuid,
    #[arg(long)]
    json: bool,
}

/// Connections of each role for one look.
const CONNECTIONS: u32 = 1;

/// Whose the job is, the system role knows; the rest is read as that tenant, under row-level security as everything of a tenant's.
pub(super) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let needs = [
        Requirement::AppDatabase,
        Requirement::SystemDatabase,
        Requirement::Redis,
    ];
    let settings = load_settings(&needs)?;
    let mut database = settings.database.clone();
    (database.app_connections, database.system_connections) = (CONNECTIONS, CONNECTIONS);
    let system = System::connect(&database)
        .await
        .context("cannot use DATABASE_SYSTEM_URL")?;
    let store = Store::connect(&database).await.context("cannot use DATABASE_URL")?;
    let queue = Queue::open(&settings.redis).context("cannot use REDIS_URL")?;
    let id = JobId(args.id);
    let tenant = store::inspect::tenant_of_job(&system, id).await.map_err(advised)?;
    let job = OperatorsJob::read(&store, &queue, tenant, id).await.map_err(advised)?;
    let told = with_tenant(serde_json::to_value(&job)?, tenant).await;
    if args.json {
        print_json(&told)?;
    } else {
        print(&text(told)?)?;
    }
    Ok(Outcome::Done)
}

fn advised(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::NotFound { .. } => Advised::new(
            "there is no such job in this database",
            "searches, answers and checks go an hour after their end, other jobs with their week",
        )
        .into(),
        error => error.into(),
    }
}

/// With what the tenant is called, where the owner's URL is at hand.
async fn with_tenant(mut told: Value, tenant: TenantId) -> Value {
    let name = names().await.remove(&tenant);
    if let Some(fields) = told.as_object_mut() {
        fields.insert("tenant".to_owned(), json!(name));
    }
    told
}

/// As far as people read it.
#[derive(Deserialize)]
struct Told {
    tenant_id: TenantId,
    tenant: Option<String>,
    #[serde(flatten)]
    job: Job,
    steps: Vec<Step>,
    why: Value,
}

fn text(told: Value) -> Result<String, serde_json::Error> {
    let told: Told = serde_json::from_value(told)?;
    let name = told
        .tenant
        .map(|name| format!(" ({})", printable(&name)))
        .unwrap_or_default();
    let mut text = format!("tenant {}{name}\n{}", told.tenant_id, details(&told.job));
    text.push_str(&step_lines(&told.steps));
    if !told.job.state.has_ended() {
        text.push_str(&why_text(&told.why));
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn told(state: &str) -> Value {
        json!({"tenant_id": Uuid::from_u128(2), "tenant": "acme", "id": Uuid::from_u128(1), "kind": "ingest_document", "pool": "ingest", "state": state,
            "attempt": 0, "max_attempts": 5, "progress": null, "error": null, "attempts": [], "created_at": "2026-01-02T03:04:05Z",
            "steps": [{"name": "fetch", "state": "pending", "run": null, "attempt": null, "detail": null, "error": null}],
            "why": {"state": state, "blocked_by": [{"reason": "no_worker", "class": "stuck", "detail": "None lives.", "since": "2026-01-02T03:04:05Z"}]}})
    }

    #[test]
    fn a_job_is_told_with_its_tenant_its_steps_and_what_it_waits_for() {
        assert_eq!(
            text(told("queued")).unwrap(),
            "tenant 00000000-0000-0000-0000-000000000002 (acme)\n\
             00000000-0000-0000-0000-000000000001  queued     ingest_document      ingest     2026-01-02 03:04:05  attempt 0/5\n\
             step fetch     pending\n\
             queued\n  no_worker (stuck) since 2026-01-02T03:04:05Z\n    None lives.\n"
        );
        assert!(
            !text(told("dead")).unwrap().contains("no_worker"),
            "it waits for nothing any more"
        );
    }
}
