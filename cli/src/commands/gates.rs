use chrono::{DateTime, Utc};
use clap::Subcommand;
use reqwest::Method;
use retrieval::evaluation::Metric;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Client, InBase, ServerArgs, find_base, find_in_base};
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
        /// The test set, by name or id
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What must not lose
        #[arg(long, value_parser = Metric::ALL.map(Metric::as_str), default_value = Metric::NdcgAt10.as_str())]
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
    let id = find_base(&client, kb).await?.id;
    let base = id.to_string();
    let path = ["knowledge-bases", &base, "gate"];
    let gate: Value = match &args.command {
        Command::Show { .. } => client.get(&path, &[]).await?,
        Command::Set {
            name, metric, max_loss, ..
        } => {
            let set = find_in_base(&client, id, InBase::TestSet, name).await?;
            let body = json!({"test_set_id": set, "metric": metric, "max_loss": max_loss});
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use clap::FromArgMatches as _;

    fn parsed(arguments: &[&str]) -> Result<Command, clap::Error> {
        let command = Command::augment_subcommands(clap::Command::new("gates"));
        let line = ["gates"].into_iter().chain(arguments.iter().copied());
        Command::from_arg_matches(&command.try_get_matches_from(line)?)
    }

    #[tokio::test]
    async fn the_test_set_of_a_gate_is_named_or_is_its_id() {
        let (base, set) = (Uuid::from_u128(7), Uuid::from_u128(8));
        for name in ["golden", set.to_string().as_str()] {
            let gate = json!({"test_set_id": set, "metric": "mrr@10", "max_loss": 0.0, "set_at": "2026-11-30T00:00:00Z", "overrides": []});
            let fake = Fake::answering(vec![
                reply(
                    200,
                    json!({"data": [{"id": base, "name": "docs"}], "next_cursor": null}),
                ),
                reply(
                    200,
                    json!({"data": [{"id": set, "name": "golden"}], "next_cursor": null}),
                ),
                reply(200, gate),
            ])
            .await;
            let args = Args {
                command: parsed(&["set", "--kb", "docs", "--name", name, "--metric", "mrr@10"]).unwrap(),
                json: true,
                server: fake.server(),
            };
            run(args).await.unwrap();
            let sent: Value = serde_json::from_str(&fake.requests()[2].body).unwrap();
            assert_eq!(
                sent,
                json!({"test_set_id": set, "metric": "mrr@10", "max_loss": 0.0}),
                "{name}"
            );
        }
    }

    #[test]
    fn a_gate_goes_by_any_metric_of_evaluations_and_no_other() {
        let set = |metric| parsed(&["set", "--kb", "docs", "--name", "golden", "--metric", metric]);
        for metric in Metric::ALL {
            assert!(set(metric.as_str()).is_ok(), "{}", metric.as_str());
        }
        assert!(set("map").is_err());
    }
}
