use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Client, ServerArgs, find_all_by_name, list_all};
use crate::outcome::Outcome;
use crate::render::{one_line, print, print_done, print_json};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Print what the API answers
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Show the gate of a knowledge base, and what was changed past it
    Show {
        /// The knowledge base, by name or id
        #[arg(long, value_name = "NAME")]
        kb: String,
    },
    /// Make a test set the gate of a knowledge base
    Set {
        /// The knowledge base, by name or id
        #[arg(long, value_name = "NAME")]
        kb: String,
        /// The test set, by name
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What must not lose
        #[arg(long, value_parser = ["ndcg@10", "recall@10", "recall@50", "mrr@10"], default_value = "ndcg@10")]
        metric: String,
        /// How much of it a change may lose on average, 0 to 1
        #[arg(long, value_name = "LOSS", default_value_t = 0.0)]
        max_loss: f64,
    },
    /// Take the gate of a knowledge base away
    Remove {
        /// The knowledge base, by name or id
        #[arg(long, value_name = "NAME")]
        kb: String,
    },
}

#[derive(Deserialize)]
struct Gate {
    test_set_id: Uuid,
    metric: String,
    max_loss: f64,
    set_at: DateTime<Utc>,
    overrides: Vec<Override>,
}

#[derive(Deserialize)]
struct Override {
    reason: String,
    api_key_id: Uuid,
    created_at: DateTime<Utc>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let (Command::Show { kb } | Command::Set { kb, .. } | Command::Remove { kb }) = &args.command;
    let found = find_all_by_name(&client, std::slice::from_ref(kb)).await?;
    let base = found.first().context("there is no such knowledge base")?.id.to_string();
    let path = ["knowledge-bases", &base, "gate"];
    let gate: Value = match &args.command {
        Command::Show { .. } => client.get(&path, &[]).await?,
        Command::Set {
            name, metric, max_loss, ..
        } => {
            let body =
                json!({"test_set_id": test_set(&client, &base, name).await?, "metric": metric, "max_loss": max_loss});
            let set = || client.request(Method::PUT, &path).json(&body);
            client.call::<Value>(set).await?.1
        }
        Command::Remove { .. } => {
            client.send(|| client.request(Method::DELETE, &path)).await?;
            print_done(args.json, "the knowledge base has no gate now\n")?;
            return Ok(Outcome::Done);
        }
    };
    if args.json {
        print_json(&gate)?;
    } else {
        let gate: Gate = serde_json::from_value(gate)?;
        let name = test_set_name(&client, gate.test_set_id).await;
        print(&text(&gate, name.as_deref()))?;
    }
    Ok(Outcome::Done)
}

async fn test_set(client: &Client, base: &str, name: &str) -> anyhow::Result<Uuid> {
    let sets: Vec<Value> = list_all(client, &["knowledge-bases", base, "test-sets"]).await?;
    let set = sets
        .iter()
        .find(|set| set.get("name").and_then(Value::as_str) == Some(name));
    let id = set
        .and_then(|set| set.get("id"))
        .context("the knowledge base has no such test set")?;
    Ok(serde_json::from_value(id.clone())?)
}

/// Nothing where the server cannot say.
async fn test_set_name(client: &Client, id: Uuid) -> Option<String> {
    let set: Value = client.get(&["test-sets", &id.to_string()], &[]).await.ok()?;
    Some(set.get("name")?.as_str()?.to_owned())
}

fn text(gate: &Gate, name: Option<&str>) -> String {
    let id = gate.test_set_id.to_string();
    let set = name.map_or(id.clone(), |name| format!("{} ({id})", one_line(name, 100)));
    let mut text = format!(
        "{} of test set {set} may lose {}  since {}\n",
        one_line(&gate.metric, 20),
        gate.max_loss,
        gate.set_at.format("%F %T")
    );
    for made in &gate.overrides {
        text += &format!(
            "    changed past it {} by key {}: {}\n",
            made.created_at.format("%F %T"),
            made.api_key_id,
            one_line(&made.reason, 500)
        );
    }
    text
}
