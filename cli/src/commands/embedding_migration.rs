use clap::Subcommand;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

use crate::client::{Client, ClientError, Job, JobState, ServerArgs, find_base, wait_for_end};
use crate::outcome::Outcome;
use crate::render::{one_line, print, print_json};

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
    /// Embed what a knowledge base has with another model, or bring its vectors to another place, beside the vectors that are searched
    Start {
        /// The knowledge base, by name or id
        name: String,
        /// One that `visualkit models list` shows as available; the present one by default
        #[arg(long, required_unless_present = "vector_store")]
        model: Option<String>,
        /// Where searches compare vectors: embedded (in the workers) or qdrant; the present place by default
        #[arg(long, value_name = "PLACE")]
        vector_store: Option<String>,
        /// Do not wait for its end; `show` tells how far it is
        #[arg(long, visible_alias = "no-wait")]
        detach: bool,
    },
    /// Show how far the last migration of a knowledge base is
    Show {
        /// The knowledge base, by name or id
        name: String,
    },
    /// Search by the new model from now on; the old index is kept
    Switch {
        /// The knowledge base, by name or id
        name: String,
        /// Why, although the knowledge base's gate does not let it; kept with the gate
        #[arg(long, value_name = "REASON")]
        override_gate: Option<String>,
    },
    /// Search by the old model again
    Rollback {
        /// The knowledge base, by name or id
        name: String,
    },
    /// Keep the model that is searched, and delete the vectors of the other
    End {
        /// The knowledge base, by name or id
        name: String,
        /// Do not wait until they are gone
        #[arg(long, visible_alias = "no-wait")]
        detach: bool,
    },
}

impl Command {
    fn base(&self) -> &str {
        match self {
            Self::Start { name, .. }
            | Self::Show { name }
            | Self::Switch { name, .. }
            | Self::Rollback { name }
            | Self::End { name, .. } => name,
        }
    }
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let base = find_base(&client, args.command.base()).await?.id.to_string();
    let migration = ["knowledge-bases", &base, "embedding-migration"];
    let action = |name| [&migration[..], &[name]].concat();
    let mut outcome = Outcome::Done;
    let shown: Value = match &args.command {
        Command::Show { .. } => client.get(&migration, &[]).await?,
        Command::Start {
            model,
            vector_store,
            detach,
            ..
        } => {
            let mut body = Map::new();
            body.extend(model.clone().map(|model| ("embedding_model".to_owned(), model.into())));
            body.extend(
                vector_store
                    .clone()
                    .map(|place| ("vector_store".to_owned(), place.into())),
            );
            let job: Value = client.post(&migration, &Value::from(body)).await?;
            if *detach {
                client.get(&migration, &[]).await?
            } else {
                outcome = wait(&client, job).await?;
                whole(&client, &migration, WHOLE_WITHIN).await?
            }
        }
        Command::Switch { override_gate, .. } => {
            let body = override_gate
                .as_ref()
                .map_or(json!({}), |reason| json!({ "override_gate": reason }));
            client.post(&action("switch"), &body).await?
        }
        Command::Rollback { .. } => client.post(&action("rollback"), &json!({})).await?,
        Command::End { detach, .. } => {
            let (_, job) = client
                .call::<Value>(|| client.request(Method::DELETE, &migration))
                .await?;
            if !*detach {
                outcome = wait(&client, job).await?;
            }
            client.get(&migration, &[]).await?
        }
    };
    if args.json {
        print_json(&shown)?;
    } else {
        print(&text(&shown))?;
    }
    Ok(outcome)
}

/// How long replicas are waited for: they build the other index within a minute as a rule.
const WHOLE_WITHIN: Duration = Duration::from_secs(90);

/// The migration once each replica has both indexes, so that it can be switched, or as it is after a while.
async fn whole(client: &Client, migration: &[&str], within: Duration) -> Result<Value, ClientError> {
    let start = Instant::now();
    loop {
        let shown: Value = client.get(migration, &[]).await?;
        let count = |name: &str| shown.get(name).and_then(Value::as_u64);
        let is_ready = shown.get("state").and_then(Value::as_str) == Some("ready");
        let lacks_some = count("replicas_ready") < count("replicas");
        if !is_ready || !lacks_some || start.elapsed() >= within {
            return Ok(shown);
        }
        tokio::time::sleep(Duration::from_secs(1).min(within)).await;
    }
}

async fn wait(client: &Client, job: Value) -> anyhow::Result<Outcome> {
    let job: Job = serde_json::from_value(wait_for_end(client, job).await?)?;
    if let Some(error) = job.error.filter(|_| job.state != JobState::Succeeded) {
        // Standard output is for the migration.
        eprintln!(
            "job {} failed: {}: {}",
            job.id,
            error.code,
            one_line(&error.message, 500)
        );
    }
    Ok(Outcome::done_if(job.state == JobState::Succeeded))
}

fn text(migration: &Value) -> String {
    let field = |name: &str| match migration.get(name) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => one_line(text, 200),
        Some(value) => value.to_string(),
    };
    let mut text = format!("{}  {} to {}\n", field("state"), field("from_model"), field("to_model"));
    if field("from_vector_store") != field("to_vector_store") {
        text += &format!(
            "    vectors             {} to {}\n",
            field("from_vector_store"),
            field("to_vector_store")
        );
    }
    if field("ended_at") == "-" {
        let (chunks, embedded) = (field("chunks"), field("chunks_embedded"));
        let (replicas, ready) = (field("replicas"), field("replicas_ready"));
        text +=
            &format!("    chunks embedded     {embedded} of {chunks}\n    replicas with both  {ready} of {replicas}\n");
    }
    if field("cut_short") != "0" {
        text += &format!("    longer than the new model reads  {}\n", field("cut_short"));
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use clap::FromArgMatches as _;

    #[tokio::test]
    async fn who_does_not_wait_is_shown_the_migration_at_once() {
        let id = uuid::Uuid::from_u128(7);
        for flag in ["--detach", "--no-wait"] {
            let command = Command::augment_subcommands(clap::Command::new("embedding-migration"));
            let line = ["embedding-migration", "start", "docs", "--model", "b", flag];
            let command = Command::from_arg_matches(&command.get_matches_from(line)).unwrap();
            let fake = Fake::answering(vec![
                reply(200, json!({"data": [{"id": id, "name": "docs"}], "next_cursor": null})),
                reply(202, json!({"id": id, "state": "queued"})),
                reply(200, json!({"state": "embedding"})),
            ])
            .await;
            let args = Args {
                command,
                json: false,
                server: fake.server(),
            };
            assert_eq!(run(args).await.unwrap(), Outcome::Done);
            let asked: Vec<String> = fake.requests().into_iter().map(|request| request.line).collect();
            let migration = format!("/v1/knowledge-bases/{id}/embedding-migration");
            assert_eq!(
                asked[1..],
                [format!("POST {migration}"), format!("GET {migration}")],
                "{flag}"
            );
        }
    }

    #[tokio::test]
    async fn a_migration_that_has_started_is_shown_once_it_can_be_switched() {
        let shown = |ready: u32| reply(200, json!({"state": "ready", "replicas": 2, "replicas_ready": ready}));
        let path = ["knowledge-bases", "b", "embedding-migration"];
        let fake = Fake::answering(vec![shown(0), shown(1), shown(2)]).await;
        let found = whole(&fake.client(), &path, Duration::from_secs(60)).await;
        assert_eq!(found.ok().and_then(|found| found["replicas_ready"].as_u64()), Some(2));
        let fake = Fake::answering(vec![shown(1)]).await;
        let found = whole(&fake.client(), &path, Duration::ZERO).await;
        assert_eq!(found.ok().and_then(|found| found["replicas_ready"].as_u64()), Some(1));
    }

    #[test]
    fn what_goes_on_is_shown_with_how_far_it_is_and_what_has_ended_without() {
        let mut migration = json!({"state": "ready", "from_model": "a", "to_model": "b", "from_vector_store": "embedded", "to_vector_store": "embedded", "chunks": 7, "chunks_embedded": 6, "replicas": 2,
            "replicas_ready": 1, "cut_short": 3, "ended_at": null});
        let shown = "ready  a to b\n    chunks embedded     6 of 7\n    replicas with both  1 of 2\n    longer than the new model reads  3\n";
        assert_eq!(text(&migration), shown);
        migration["state"] = json!("finished");
        (migration["ended_at"], migration["cut_short"]) = (json!("2026-11-29T00:00:00Z"), json!(0));
        assert_eq!(text(&migration), "finished  a to b\n");
        migration["to_vector_store"] = json!("qdrant");
        assert_eq!(
            text(&migration),
            "finished  a to b\n    vectors             embedded to qdrant\n"
        );
    }
}
