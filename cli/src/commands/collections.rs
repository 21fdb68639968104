use anyhow::{Context as _, bail};
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::documents::has_failed;
use crate::client::{Client, ServerArgs, find_base, find_collections, find_or_create, list_all, wait_for_end};
use crate::outcome::Outcome;
use crate::render::{number_of, one_line, print, print_json};

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
    /// List the collections of a knowledge base
    List {
        /// The knowledge base, by name or id
        #[arg(long, value_name = "NAME")]
        kb: String,
    },
    /// Make a collection
    #[command(visible_alias = "add")]
    Create {
        /// What to call it; unique in its knowledge base
        name: String,
        /// The knowledge base, by name; made if there is none
        #[arg(long, value_name = "NAME")]
        kb: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Change the name or the description of a collection; what is not given stays
    Update {
        #[command(flatten)]
        which: Which,
        /// What it is to be called
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Delete a collection and the documents in it; they are found no more at once
    Delete {
        #[command(flatten)]
        which: Which,
        /// Only the collection: its documents stay in the knowledge base
        #[arg(long)]
        keep_documents: bool,
        /// Wait until all of it is gone
        #[arg(long)]
        wait: bool,
    },
}

#[derive(clap::Args)]
struct Which {
    /// The collection, by name or id
    name: String,
    /// The knowledge base, by name or id
    #[arg(long, value_name = "NAME")]
    kb: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let answered = ask(&client, &args.command).await?;
    if args.json {
        print_json(&answered)?;
    } else {
        print(&text(&answered))?;
    }
    Ok(Outcome::done_if(!has_failed(&answered)))
}

async fn ask(client: &Client, command: &Command) -> anyhow::Result<Value> {
    match command {
        Command::List { kb } => {
            let base = base(client, kb).await?.to_string();
            let all: Vec<Value> = list_all(client, &["knowledge-bases", &base, "collections"]).await?;
            Ok(all.into())
        }
        Command::Create { name, kb, description } => {
            let base = find_or_create(client, kb).await?.id.to_string();
            let body = json!({"name": name, "description": description});
            Ok(client.post(&["knowledge-bases", &base, "collections"], &body).await?)
        }
        Command::Update {
            which,
            rename,
            description,
        } => {
            let fields = [("name", rename), ("description", description)];
            let given = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
            let body: Map<String, Value> = given.collect();
            if body.is_empty() {
                bail!("nothing is to be changed: give --rename or --description");
            }
            let id = find(client, which).await?;
            let send = || client.request(Method::PATCH, &["collections", &id]).json(&body);
            Ok(client.call::<Value>(send).await?.1)
        }
        Command::Delete {
            which,
            keep_documents,
            wait,
        } => {
            let (id, keep) = (find(client, which).await?, keep_documents.to_string());
            let send = || {
                let request = client.request(Method::DELETE, &["collections", &id]);
                request.query(&[("keep_documents", &keep)])
            };
            let (_, job) = client.call::<Value>(send).await?;
            match *wait {
                true => wait_for_end(client, job).await,
                false => Ok(job),
            }
        }
    }
}

async fn base(client: &Client, name: &str) -> anyhow::Result<Uuid> {
    Ok(find_base(client, name).await?.id)
}

async fn find(client: &Client, which: &Which) -> anyhow::Result<String> {
    let base = base(client, &which.kb).await?;
    let found = find_collections(client, &[base], std::slice::from_ref(&which.name)).await?;
    Ok(found.first().context("there is no such collection")?.to_string())
}

fn text(answered: &Value) -> String {
    match answered {
        Value::Array(all) if all.is_empty() => "there are none\n".to_owned(),
        Value::Array(all) => all.iter().map(line).collect(),
        one if one.get("kind").is_some() => {
            let id = field(one, "id");
            format!("it is found no more; `visualkit deletions show {id}` tells when all of it is gone\n")
        }
        one => line(one),
    }
}

fn line(collection: &Value) -> String {
    let count = collection
        .get("document_count")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let line = format!(
        "{}  {}  {}  {}",
        field(collection, "id"),
        field(collection, "name"),
        number_of(count, "document"),
        field(collection, "description")
    );
    format!("{}\n", line.trim_end())
}

fn field(of: &Value, name: &str) -> String {
    one_line(of.get(name).and_then(Value::as_str).unwrap_or_default(), 200)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    #[tokio::test]
    async fn a_collection_is_deleted_by_its_name() {
        let id = Uuid::from_u128(7);
        let fake = Fake::answering(vec![
            reply(200, json!({"data": [{"id": id, "name": "docs"}], "next_cursor": null})),
            reply(200, json!({"data": [{"id": id, "name": "faq"}], "next_cursor": null})),
            reply(
                202,
                json!({"id": "a-job", "kind": "delete_collection", "state": "queued"}),
            ),
            reply(
                200,
                json!({"id": "a-job", "kind": "delete_collection", "state": "succeeded"}),
            ),
        ])
        .await;
        let which = Which {
            name: "faq".into(),
            kb: "docs".into(),
        };
        let command = Command::Delete {
            which,
            keep_documents: true,
            wait: true,
        };
        let job = ask(&fake.client(), &command).await.unwrap();
        assert_eq!(
            text(&job),
            "it is found no more; `visualkit deletions show a-job` tells when all of it is gone\n"
        );
        let asked = &fake.requests()[2].line;
        assert_eq!(*asked, format!("DELETE /v1/collections/{id}?keep_documents=true"));
        assert_eq!(fake.requests()[3].line, "GET /v1/jobs/a-job");
    }

    #[test]
    fn collections_are_listed_with_how_many_documents_are_in_them() {
        let all = json!([{"id": "1", "name": "faq", "document_count": 1, "description": ""}]);
        assert_eq!(text(&all), "1  faq  1 document\n");
        assert_eq!(text(&json!([])), "there are none\n");
    }
}
