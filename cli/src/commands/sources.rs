use anyhow::Context as _;
use clap::Subcommand;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::client::{
    Client, ClientError, ServerArgs, find_all_by_name, find_or_create, find_or_create_collection, list_all,
    wait_for_end,
};
use crate::outcome::Outcome;
use crate::render::{one_line, or_none, print, print_json};

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
    Add(AddArgs),
    /// List the sources of a knowledge base
    List {
        /// The knowledge base, by name or id
        #[arg(long, value_name = "NAME")]
        kb: String,
    },
    /// Show a source and its last syncs
    Show { id: Uuid },
    /// Look at the source, and bring its documents up to date
    Sync {
        id: Uuid,
        /// Look, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Delete also where a sync would think better of it
        #[arg(long)]
        force_deletions: bool,
        /// Do not wait for its end
        #[arg(long)]
        detach: bool,
    },
    /// List what was found at a source, and what became of it
    Items {
        id: Uuid,
        /// Only waiting, ingested, changed, unchanged, skipped, failed or gone
        #[arg(long)]
        status: Option<String>,
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Where the last page ended
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Delete a source and the documents that came from it
    Delete {
        id: Uuid,
        /// Only the source; nothing brings its documents up to date any more
        #[arg(long)]
        keep_documents: bool,
    },
}

#[derive(clap::Args)]
struct AddArgs {
    /// What to call it; unique in its knowledge base
    name: String,
    /// Where to begin
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// The knowledge base, by name; made if there is none
    #[arg(long, value_name = "NAME")]
    kb: String,
    /// sitemap, links or both
    #[arg(long)]
    mode: Option<String>,
    /// A sitemap, if robots.txt does not name it; more than once for several
    #[arg(long, value_name = "URL")]
    sitemap: Vec<String>,
    /// Only addresses like it, such as '/docs/*'; more than once for several
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
    /// None like it
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// No more pages than this
    #[arg(long, value_name = "N")]
    max_pages: Option<u32>,
    /// Links followed in a row from where it begins
    #[arg(long, value_name = "N")]
    max_depth: Option<u32>,
    /// Between two requests
    #[arg(long, value_name = "MS")]
    min_delay_ms: Option<u32>,
    /// The collection that its documents are put into, by name; made if it is not there
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
    /// Anybody may see its documents
    #[arg(long)]
    public: bool,
}

impl AddArgs {
    fn body(&self) -> Value {
        let list = |given: &[String]| (!given.is_empty()).then(|| json!(given));
        let config = [
            ("start_urls", list(&self.urls)),
            ("mode", self.mode.as_deref().map(Value::from)),
            ("sitemaps", list(&self.sitemap)),
            ("include", list(&self.include)),
            ("exclude", list(&self.exclude)),
            ("max_pages", self.max_pages.map(Value::from)),
            ("max_depth", self.max_depth.map(Value::from)),
            ("min_delay_ms", self.min_delay_ms.map(Value::from)),
        ];
        let config: Map<String, Value> = config
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        let acl = self.public.then(|| json!({"public": true}));
        json!({"kind": "web", "name": self.name, "config": config, "acl": acl})
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
        Command::List { kb } => {
            let base = base(client, kb).await?;
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
        Command::Show { id } => {
            let id = id.to_string();
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
            id,
            dry_run,
            force_deletions,
            detach,
        } => {
            let body = json!({"dry_run": dry_run, "force_deletions": force_deletions});
            let job: Value = client.post(&["sources", &id.to_string(), "sync"], &body).await?;
            if *detach {
                Ok(job)
            } else {
                wait_for_end(client, job).await
            }
        }
        Command::Items {
            id,
            status,
            limit,
            cursor,
        } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(status.clone().map(|status| ("status", status)));
            query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
            Ok(client.get(&["sources", &id.to_string(), "items"], &query).await?)
        }
        Command::Delete { id, keep_documents } => {
            let (id, keep) = (id.to_string(), keep_documents.to_string());
            let send = || {
                client
                    .request(Method::DELETE, &["sources", &id])
                    .query(&[("keep_documents", &keep)])
            };
            let (_, job) = client.call::<Value>(send).await?;
            wait_for_end(client, job).await
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

async fn base(client: &Client, name: &str) -> anyhow::Result<String> {
    let found = find_all_by_name(client, &[name.to_owned()]).await?;
    let base = found.first().context("there is no such knowledge base")?;
    Ok(base.id.to_string())
}

fn text(command: &Command, answered: &Value) -> String {
    let rows = |of: &Value| of.as_array().cloned().unwrap_or_default();
    match command {
        Command::Add(_) => source(answered),
        Command::List { .. } => or_none(rows(answered).iter().map(source).collect()),
        Command::Show { .. } => {
            let syncs = rows(answered.get("syncs").unwrap_or(&Value::Null));
            let syncs: String = syncs
                .iter()
                .map(|sync| {
                    format!(
                        "    {}{}",
                        counts(sync, sync),
                        trouble(sync).map(|why| format!("        {why}\n")).unwrap_or_default()
                    )
                })
                .collect();
            format!("{}{syncs}", source_line(answered))
        }
        Command::Sync { .. } => match answered.get("result").filter(|result| !result.is_null()) {
            Some(result) => sync_result(answered, result),
            None => job(answered),
        },
        Command::Delete { .. } => job(answered),
        Command::Items { .. } => {
            let items = rows(answered.get("data").unwrap_or(&Value::Null));
            let mut lines = or_none(items.iter().map(item).collect());
            if let Some(cursor) = answered.get("next_cursor").and_then(Value::as_str) {
                lines.push_str(&format!("more: --cursor {cursor}\n"));
            }
            lines
        }
    }
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

fn field(of: &Value, name: &str) -> String {
    one_line(of.get(name).and_then(Value::as_str).unwrap_or_default(), 300)
}

fn number(of: &Value, name: &str) -> i64 {
    of.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// With what is the matter with its latest sync, if something is.
fn source(source: &Value) -> String {
    let trouble = source.pointer("/syncs/0").and_then(trouble);
    let trouble = trouble.map(|why| format!("    {why}\n")).unwrap_or_default();
    format!("{}{trouble}", source_line(source))
}

fn source_line(source: &Value) -> String {
    let urls: Vec<&str> = source
        .pointer("/config/start_urls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let last = match field(source, "last_sync_at") {
        never if never.is_empty() => "never synced".to_owned(),
        at => format!("synced {at}"),
    };
    format!(
        "{}  {}  {last}  {}\n",
        field(source, "id"),
        field(source, "name"),
        one_line(&urls.join(" "), 300)
    )
}

/// Why a sync does not get on, or came to nothing; nothing of one that runs or did what it was for.
fn trouble(sync: &Value) -> Option<String> {
    let error = sync.get("error").filter(|error| !error.is_null());
    let error = error.map(|error| format!(": {}: {}", field(error, "code"), field(error, "message")));
    let error = error.unwrap_or_default();
    let attempt = format!(
        "attempt {} of {}",
        number(sync, "attempt"),
        number(sync, "max_attempts")
    );
    match field(sync, "state").as_str() {
        "retryable" => Some(format!(
            "{attempt} failed{error}; the next at {}",
            field(sync, "run_at")
        )),
        "queued" | "running" if !error.is_empty() => Some(format!("{attempt}; the last failed{error}")),
        ended @ ("dead" | "cancelled") => Some(format!("ended {ended}{error}")),
        _ => None,
    }
}

fn job(job: &Value) -> String {
    let error = job
        .get("error")
        .map(|error| field(error, "message"))
        .unwrap_or_default();
    format!("job {}  {}  {error}\n", field(job, "id"), field(job, "state"))
}

/// One line: of which sync, and its counts.
fn counts(sync: &Value, of: &Value) -> String {
    let dry = if of.get("dry_run").and_then(Value::as_bool) == Some(true) {
        "dry run: "
    } else {
        ""
    };
    format!(
        "{}  {dry}{} found, {} new or changed, {} unchanged, {} skipped, {} failed, {} deleted\n",
        field(sync, "id"),
        number(of, "found"),
        number(of, "ingested"),
        number(of, "unchanged"),
        number(of, "skipped"),
        number(of, "failed"),
        number(of, "deleted"),
    )
}

fn sync_result(job: &Value, result: &Value) -> String {
    let other = field(result, "superseded_by");
    if !other.is_empty() {
        return format!("superseded by {other}; nothing was done: `visualkit jobs show {other}`\n");
    }
    let mut lines = counts(job, result);
    for reason in result.get("reasons").and_then(Value::as_array).into_iter().flatten() {
        lines.push_str(&format!(
            "    {:>6}  {}: {}\n",
            number(reason, "count"),
            field(reason, "status"),
            field(reason, "reason")
        ));
    }
    let withheld = number(result, "deletions_withheld");
    if withheld > 0 {
        lines.push_str(&format!(
            "{withheld} documents were not deleted ({}): look, and run it again with --force-deletions if that is right\n",
            field(result, "deletions_withheld_because")
        ));
    }
    let early = field(result, "ended_early");
    if !early.is_empty() {
        lines.push_str(&format!("ended early: {early}\n"));
    }
    lines
}

fn item(item: &Value) -> String {
    format!(
        "{:9}  {}  {}\n",
        field(item, "status"),
        field(item, "url"),
        field(item, "reason")
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    #[test]
    fn a_sync_says_what_it_did_and_what_it_did_not() {
        let job = json!({"id": "j"});
        let result = json!({"found": 4, "ingested": 1, "unchanged": 1, "skipped": 1, "failed": 1, "deleted": 0, "deletions_withheld": 2,
            "deletions_withheld_because": "more_than_half", "reasons": [{"status": "skipped", "reason": "robots", "count": 1}]});
        let text = sync_result(&job, &result);
        assert!(text.starts_with("j  4 found, 1 new or changed, 1 unchanged, 1 skipped, 1 failed, 0 deleted\n"));
        assert!(
            text.contains("skipped: robots") && text.contains("more_than_half"),
            "{text}"
        );
    }

    #[test]
    fn a_sync_that_fails_again_and_again_says_why() {
        let sync = |state: &str, error: Value| json!({"state": state, "attempt": 5, "max_attempts": 10, "run_at": "t", "error": error});
        let away = json!({"code": "robots_unavailable", "message": "The site is away."});
        let expected = "attempt 5 of 10 failed: robots_unavailable: The site is away.; the next at t";
        assert_eq!(trouble(&sync("retryable", away.clone())).unwrap(), expected);
        assert!(source(&json!({"id": "s", "syncs": [sync("retryable", away.clone())]})).contains(expected));
        assert_eq!(
            trouble(&sync("dead", away)).unwrap(),
            "ended dead: robots_unavailable: The site is away."
        );
        assert_eq!(trouble(&sync("running", Value::Null)), None);
        assert_eq!(trouble(&sync("succeeded", Value::Null)), None);
        assert_eq!(trouble(&json!({"state": null})), None, "its job is gone");
    }

    #[test]
    fn a_sync_that_another_stood_in_the_way_of_names_the_other() {
        let result = json!({"superseded_by": "other", "found": 0});
        let text = sync_result(&json!({"id": "j"}), &result);
        assert_eq!(
            text,
            "superseded by other; nothing was done: `visualkit jobs show other`\n"
        );
    }

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
                id,
                dry_run: false,
                force_deletions: false,
                detach: false,
            };
            let args = Args {
                command,
                json: false,
                server: fake.server(),
            };
            assert_eq!(run(args).await.unwrap(), expected, "{field}");
        }
    }
}
