use super::pools::{connect, counted, number, pools, table};
use crate::outcome::Outcome;
use crate::process::until_told_to_stop;
use crate::render::{Reader, one_line, print_json, print_to_reader, printable};
use config::Settings;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::Duration;
use store::pools::{PoolState, TenantLoad, tenants};
use store::{Owner, System, TenantId};

/// Watches the pools, and the tenants with the most work, until interrupted.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seconds between two looks
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    /// How many tenants to show
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=1000))]
    tenants: u16,
    /// Look once and end
    #[arg(long)]
    once: bool,
    /// One JSON object a look, each on a line of its own unless there is only one
    #[arg(long)]
    json: bool,
}

/// To the upper left corner, and nothing below.
const CLEAR: &str = "\u{1b}[H\u{1b}[J";

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let system = connect().await?;
    let names = names().await;
    let in_place = !args.once && !args.json && std::io::stdout().is_terminal();
    let watching = async {
        let mut ticks = tokio::time::interval(Duration::from_secs(args.interval));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let look = match Look::now(&system, i64::from(args.tenants)).await {
                Ok(look) => look,
                Err(error) if args.once => return Err(error),
                // The server may just be starting again: it is watched all the more.
                Err(error) => {
                    eprintln!("cannot look: {}; trying again", one_line(&format!("{error:#}"), 200));
                    continue;
                }
            };
            if args.once && args.json {
                print_json(&look.json(&names))?;
                return Ok::<_, anyhow::Error>(Outcome::Done);
            }
            let shown = if args.json {
                format!("{}\n", look.json(&names))
            } else {
                format!("{}{}\n", if in_place { CLEAR } else { "" }, look.text(&names))
            };
            // Nothing else would ever end it once it is piped into something that has.
            if print_to_reader(&shown)? == Reader::Gone || args.once {
                return Ok(Outcome::Done);
            }
        }
    };
    tokio::select! {
        done = watching => done,
        stopped = until_told_to_stop() => stopped.map(|()| Outcome::Done),
    }
}

/// What tenants are called, where the owner's URL is at hand; elsewhere their ids must do.
pub(super) async fn names() -> HashMap<TenantId, String> {
    let Ok(settings) = Settings::load() else {
        return HashMap::new();
    };
    let Ok(mut owner) = Owner::connect(&settings.database).await else {
        return HashMap::new();
    };
    let all = store::tenants::list(&mut owner).await.unwrap_or_default();
    all.into_iter().map(|tenant| (tenant.id, tenant.name)).collect()
}

/// What one look saw.
struct Look {
    pools: Vec<PoolState>,
    tenants: Vec<TenantLoad>,
}

impl Look {
    async fn now(system: &System, limit: i64) -> anyhow::Result<Self> {
        Ok(Self {
            pools: pools(system).await?,
            tenants: tenants(system, limit).await?,
        })
    }

    /// How long the pool's workers would need for this tenant's jobs if it were alone.
    fn backlog_secs(&self, tenant: &TenantLoad) -> Option<f64> {
        let load = &self.pools.iter().find(|pool| pool.load.pool == tenant.pool)?.load;
        if tenant.queued == 0 {
            return Some(0.0);
        }
        let slots = (load.slots > 0).then_some(load.slots as f64)?;
        Some(tenant.queued as f64 * load.service_secs? / slots)
    }

    fn json(&self, names: &HashMap<TenantId, String>) -> Value {
        let tenants: Vec<Value> = self
            .tenants
            .iter()
            .map(|tenant| {
                let mut one = json!(tenant);
                if let Some(fields) = one.as_object_mut() {
                    fields.insert("tenant".to_owned(), json!(names.get(&tenant.tenant_id)));
                    fields.insert("backlog_secs".to_owned(), json!(self.backlog_secs(tenant)));
                }
                one
            })
            .collect();
        json!({"pools": self.pools, "tenants": tenants})
    }

    fn text(&self, names: &HashMap<TenantId, String>) -> String {
        let mut text = table(&self.pools);
        if self.tenants.is_empty() {
            text.push_str("\nno tenant has jobs that wait or run\n");
            return text;
        }
        text.push_str(&format!(
            "\n{:<38}{:<10}{:>9}{:>10}{:>11}{:>9}{:>12}{:>13}\n",
            "tenant", "pool", "queued", "oldest s", "backlog s", "running", "ended/min", "failed/min"
        ));
        for tenant in &self.tenants {
            let id = tenant.tenant_id.to_string();
            text.push_str(&format!(
                "{:<38}{:<10}{:>9}{:>10}{:>11}{:>9}{:>12}{:>13}\n",
                printable(names.get(&tenant.tenant_id).unwrap_or(&id)),
                tenant.pool,
                counted(tenant.queued),
                number(tenant.oldest_queued_secs),
                number(self.backlog_secs(tenant)),
                tenant.running,
                tenant.ended_last_minute,
                tenant.failed_last_minute,
            ));
        }
        text
    }
}
