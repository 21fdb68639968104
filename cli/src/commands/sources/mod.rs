use clap::Subcommand;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use store::sources::ItemStatus;
use uuid::Uuid;

mod settings;
mod text;
mod which;

use crate::client::{
    Client, ClientError, ServerArgs, find_base, find_or_create, find_or_create_collection, list_all, wait_for_end,
};
use crate::outcome::Outcome;
use crate::render::{print, print_json};
use settings::{AddArgs, UpdateArgs};
use text::{field, number, text};
use which::Which;

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
    /// Make a web source: a site, or a part of one, whose pages are read into a knowledge base
    #[command(visible_alias = "create")]
    Add(Box<AddArgs>),
    /// List the sources of a knowledge base
    List {
        /// The knowledge base, by name or id
        #[arg(long, value_name = "NAME")]
        kb: String,
    },
    /// Show a source and its last syncs
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Look at the source, and bring its documents up to date
    Sync {
        #[command(flatten)]
        which: Which,
        /// Look, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Delete also where a sync would think better of it
        #[arg(long)]
        force_deletions: bool,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// List what was found at a source, and what became of it
    Items {
        #[command(flatten)]
        which: Which,
        /// Only what the last sync that saw it made this of
        #[arg(long, value_parser = ItemStatus::ALL.map(ItemStatus::as_str))]
        status: Option<String>,
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Where the last page ended
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Change a source; what is not named stays as it is
    Update(Box<UpdateArgs>),
    /// Delete a source and the documents that came from it
    Delete {
        #[command(flatten)]
        which: Which,
        /// Only the source; nothing brings its documents up to date any more
        #[arg(long)]
        keep_documents: bool,
        #[command(flatten)]
        waiting: Waiting,
    },
}

#[derive(clap::Args)]
struct Waiting {
    /// Do not wait for its end
    #[arg(long, visible_alias = "no-wait", conflicts_with = "wait")]
    detach: bool,
    /// Wait for its end, as is done without it, too
    #[arg(long)]
    wait: bool,
}

impl Waiting {
    async fn end_of(&self, client: &Client, job: Value) -> anyhow::Result<Value> {
        match self.wait || !self.detach {
            true => wait_for_end(client, job).await,
            false => Ok(job),
        }
    }
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let answered = ask(&client, &args.command).await?;
    let outcome = Outcome::done_if(!has_failed(&args.command, &answered));
    if args.json {
        print_json(&answered)?;
    } else {
        print(&text(&args.command, &answered))?;
    }
    Ok(outcome)
}

async fn ask(client: &Client, command: &Command) -> anyhow::Result<Value> {
    match command {
        Command::Add(args) => {
            let base = find_or_create(client, &args.kb).await?.id;
            let mut body = args.body();
            if let (Some(name), Some(fields)) = (&args.collection, body.as_object_mut()) {
                let collection = find_or_create_collection(client, base, name).await?;
                fields.insert("collection_id".to_owned(), json!(collection));
            }
            Ok(client
                .post(&["knowledge-bases", &base.to_string(), "sources"], &body)
                .await?)
        }
        Command::Update(args) => {
            let path = ["sources", &args.which.id(client).await?.to_string()];
            let read = client.read(&path).await?;
            let base = read.value.get("knowledge_base_id").and_then(Value::as_str);
            let collection = match (&args.collection, base.map(str::parse::<Uuid>)) {
                (Some(name), Some(base)) => Some(find_or_create_collection(client, base?, name).await?),
                _ => None,
            };
            let changes = args.body(&read.value, collection)?;
            Ok(client.change(&path, &read, &changes).await?)
        }
        Command::List { kb } => {
            let base = find_base(client, kb).await?.id.to_string();
            let mut all: Vec<Value> = list_all(client, &["knowledge-bases", &base, "sources"]).await?;
            let last = stream::iter(&all).map(|source| last_sync(client, field(source, "id")));
            let last: Vec<Value> = last.buffered(AT_ONCE).try_collect().await?;
            for (source, last) in all.iter_mut().zip(last) {
                if let Some(fields) = source.as_object_mut() {
                    fields.insert("syncs".to_owned(), last);
                }
            }
            Ok(all.into())
        }
        Command::Show { which } => {
            let id = which.id(client).await?.to_string();
            let mut source: Value = client.get(&["sources", &id], &[]).await?;
            let syncs: Value = client
                .get(&["sources", &id, "syncs"], &[("limit", "5".to_owned())])
                .await?;
            if let (Some(fields), Some(syncs)) = (source.as_object_mut(), syncs.get("data")) {
                fields.insert("syncs".to_owned(), syncs.clone());
            }
            Ok(source)
        }
        Command::Sync {
            which,
            dry_run,
            force_deletions,
            waiting,
        } => {
            let id = which.id(client).await?.to_string();
            let body = json!({"dry_run": dry_run, "force_deletions": force_deletions});
            let job: Value = client.post(&["sources", &id, "sync"], &body).await?;
            waiting.end_of(client, job).await
        }
        Command::Items {
            which,
            status,
            limit,
            cursor,
        } => {
            let id = which.id(client).await?.to_string();
            let mut query = vec![("limit", limit.to_string())];
            query.extend(status.clone().map(|status| ("status", status)));
            query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
            Ok(client.get(&["sources", &id, "items"], &query).await?)
        }
        Command::Delete {
            which,
            keep_documents,
            waiting,
        } => {
            let (id, keep) = (which.id(client).await?.to_string(), keep_documents.to_string());
            let send = || {
                client
                    .request(Method::DELETE, &["sources", &id])
                    .query(&[("keep_documents", &keep)])
            };
            let (_, job) = client.call::<Value>(send).await?;
            waiting.end_of(client, job).await
        }
    }
}

/// Requests at a time.
const AT_ONCE: usize = 8;

/// The latest sync of a source, in a list that is empty where there is none.
async fn last_sync(client: &Client, source: String) -> Result<Value, ClientError> {
    let query = [("limit", "1".to_owned())];
    let page: Value = client.get(&["sources", &source, "syncs"], &query).await?;
    Ok(page.get("data").cloned().unwrap_or_default())
}

/// Whether the job failed, or is a sync that another stood in the way of, that ended early, or that could not read all there is.
fn has_failed(command: &Command, answered: &Value) -> bool {
    let says = |result: &Value, name: &str| !field(result, name).is_empty();
    let partly = |result| says(result, "superseded_by") || says(result, "ended_early") || number(result, "failed") > 0;
    let result = answered
        .get("result")
        .filter(|_| matches!(command, Command::Sync { .. }));
    matches!(field(answered, "state").as_str(), "dead" | "cancelled") || result.is_some_and(partly)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use clap::FromArgMatches as _;

    #[tokio::test]
    async fn a_sync_that_did_not_do_all_of_it_is_a_partial_failure() {
        let whole = json!({"superseded_by": null, "found": 2, "failed": 0, "ended_early": null});
        for (field, value, expected) in [
            ("found", json!(3), Outcome::Done),
            ("superseded_by", json!(Uuid::from_u128(9)), Outcome::PartlyFailed),
            ("failed", json!(1), Outcome::PartlyFailed),
            ("ended_early", json!("time_limit"), Outcome::PartlyFailed),
        ] {
            let mut result = whole.clone();
            result.as_object_mut().unwrap().insert(field.to_owned(), value);
            let id = Uuid::from_u128(7);
            let fake = Fake::answering(vec![
                reply(202, json!({"id": id, "state": "queued"})),
                reply(200, json!({"id": id, "state": "succeeded", "result": result})),
            ])
            .await;
            let command = Command::Sync {
                which: Which::of(id),
                dry_run: false,
                force_deletions: false,
                waiting: Waiting {
                    detach: false,
                    wait: false,
                },
            };
            let args = Args {
                command,
                json: false,
                server: fake.server(),
            };
            assert_eq!(run(args).await.unwrap(), expected, "{field}");
        }
    }

    fn parsed(arguments: &[&str]) -> Result<Command, clap::Error> {
        let command = Command::augment_subcommands(clap::Command::new("sources"));
        let line = ["sources"].into_iter().chain(arguments.iter().copied());
        Command::from_arg_matches(&command.try_get_matches_from(line)?)
    }

    fn update(arguments: &[&str]) -> Command {
        let id = Uuid::from_u128(7).to_string();
        parsed(&[&["update", id.as_str()], arguments].concat()).unwrap()
    }

    #[tokio::test]
    async fn a_source_is_named_within_its_base_and_by_its_id_alone() {
        let (base, site) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let listed =
            |id: Uuid, name: &str| reply(200, json!({"data": [{"id": id, "name": name}], "next_cursor": null}));
        let items = || reply(200, json!({"data": [], "next_cursor": null}));
        let fake = Fake::answering(vec![listed(base, "docs"), listed(site, "site"), items(), items()]).await;
        let named = parsed(&["items", "site", "--kb", "docs"]).unwrap();
        ask(&fake.client(), &named).await.unwrap();
        ask(&fake.client(), &parsed(&["items", &site.to_string()]).unwrap())
            .await
            .unwrap();
        let asked: Vec<String> = fake.requests().into_iter().map(|request| request.line).collect();
        let expected = format!("GET /v1/sources/{site}/items?limit=20");
        assert_eq!(asked.get(2..), Some([expected.clone(), expected].as_slice()));
        let error = ask(&fake.client(), &parsed(&["show", "site"]).unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "\"site\" is no id of a source");
    }

    #[test]
    fn sources_are_made_and_let_go_in_the_words_of_other_commands() {
        let made = parsed(&["create", "site", "https://a.example/", "--kb", "docs"]);
        assert!(matches!(made, Ok(Command::Add(_))));
        let id = Uuid::from_u128(7).to_string();
        let sync = parsed(&["sync", &id, "--no-wait"]);
        assert!(matches!(sync, Ok(Command::Sync { waiting, .. }) if waiting.detach));
        let deleted = parsed(&["delete", &id, "--wait"]);
        assert!(matches!(deleted, Ok(Command::Delete { waiting, .. }) if waiting.wait));
        assert!(parsed(&["delete", &id, "--wait", "--detach"]).is_err());
        for status in ItemStatus::ALL {
            assert!(
                parsed(&["items", &id, "--status", status.as_str()]).is_ok(),
                "{status:?}"
            );
        }
        assert!(parsed(&["items", &id, "--status", "lost"]).is_err());
    }

    #[tokio::test]
    async fn what_is_not_named_of_a_config_stays_and_the_source_is_changed_as_it_was_read() {
        let config = json!({"start_urls": ["https://a.example/"], "mode": "links", "max_pages": 10});
        let source = json!({"id": Uuid::from_u128(7), "knowledge_base_id": Uuid::from_u128(8), "config": config});
        let fake = Fake::answering(vec![
            reply(200, source).header("etag", "\"7\""),
            reply(200, json!({"id": Uuid::from_u128(7), "name": "docs"})),
        ])
        .await;
        let command = update(&[
            "--max-pages",
            "500",
            "--exclude",
            "/old/*",
            "--private",
            "--no-collection",
        ]);
        ask(&fake.client(), &command).await.unwrap();
        let sent = fake.requests().remove(1);
        assert_eq!(sent.line, format!("PATCH /v1/sources/{}", Uuid::from_u128(7)));
        assert_eq!(sent.headers.get("if-match").unwrap(), "\"7\"");
        let expected = json!({"config": {"start_urls": ["https://a.example/"], "mode": "links", "max_pages": 500, "exclude": ["/old/*"]},
            "acl": null, "collection_id": null});
        assert_eq!(serde_json::from_str::<Value>(&sent.body).unwrap(), expected);
    }

    #[test]
    fn what_the_api_takes_of_a_source_can_be_said() {
        let made = parsed(&[
            "add",
            "site",
            "https://a.example/",
            "--kb",
            "docs",
            "--scope",
            "https://a.example/docs/",
            "--query",
            "drop",
            "--max-minutes",
            "5",
            "--max-page-bytes",
            "2048",
            "--user-agent-suffix",
            "(+https://b.example)",
            "--acl",
            r#"{"groups": ["staff"]}"#,
            "--metadata",
            r#"{"product": "lamp"}"#,
        ]);
        let Ok(Command::Add(args)) = made else {
            panic!("it is understood");
        };
        let expected = json!({"kind": "web", "name": "site", "acl": {"groups": ["staff"]}, "metadata": {"product": "lamp"},
            "config": {"start_urls": ["https://a.example/"], "scope": ["https://a.example/docs/"], "query": "drop", "max_minutes": 5,
                "max_page_bytes": 2048, "user_agent_suffix": "(+https://b.example)"}});
        assert_eq!(args.body(), expected);
        let id = Uuid::from_u128(7).to_string();
        let changed = parsed(&["update", &id, "--metadata", "{}", "--acl", r#"{"users": ["ann"]}"#]);
        let Ok(Command::Update(args)) = changed else {
            panic!("it is understood");
        };
        let body = args.body(&json!({"config": {}}), None).unwrap();
        assert_eq!(body, json!({"metadata": {}, "acl": {"users": ["ann"]}}));
        assert!(parsed(&["update", &id, "--private", "--acl", "{}"]).is_err());
    }

    #[tokio::test]
    async fn a_change_of_nothing_is_refused() {
        let fake = Fake::answering(vec![reply(200, json!({"id": Uuid::from_u128(7), "config": {}}))]).await;
        let error = ask(&fake.client(), &update(&[])).await.unwrap_err();
        assert!(error.to_string().starts_with("nothing is to be changed"), "{error}");
    }
}
