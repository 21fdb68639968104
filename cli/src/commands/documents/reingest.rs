use anyhow::bail;
use jobs::kinds::ReingestState;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::delete::{field, outcome};
use super::source::source_id;
use crate::client::{Client, ServerArgs, find_base, find_collections, wait_for_end};
use crate::outcome::Outcome;
use crate::render::{print, print_json};

#[derive(clap::Args)]
pub(super) struct ReingestArgs {
    #[arg(
        value_name = "DOCUMENT_ID",
        required_unless_present = "base",
        conflicts_with = "base"
    )]
    id: Option<Uuid>,
    /// The documents of this knowledge base, by name or id; what is given with it must hold
    #[arg(long = "kb", value_name = "NAME")]
    base: Option<String>,
    /// Only those in this state
    #[arg(long, value_parser = ReingestState::ALL.map(ReingestState::as_str), requires = "base")]
    state: Option<String>,
    /// Only those of this media type, such as application/pdf
    #[arg(long, value_name = "TYPE", requires = "base")]
    mime_type: Option<String>,
    /// Only those that come from this source, by name or id
    #[arg(long, value_name = "NAME", requires = "base")]
    source: Option<String>,
    /// Only those that are in this collection, by name or id
    #[arg(long, value_name = "NAME", requires = "base")]
    collection: Option<String>,
    /// Wait until it is ingested or has failed; of a base, until all are submitted
    #[arg(long)]
    wait: bool,
    /// Print the job as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn reingest(args: ReingestArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let mut job = match (args.id, &args.base) {
        (Some(id), _) => one(&client, id).await?,
        (None, Some(base)) => many(&client, base, &args).await?,
        (None, None) => bail!("say which document, or --kb"),
    };
    if args.wait {
        job = wait_for_end(&client, job).await?;
    }
    if args.json {
        print_json(&job)?;
    } else {
        print(&text(&job))?;
    }
    Ok(outcome(&job))
}

async fn one(client: &Client, id: Uuid) -> anyhow::Result<Value> {
    let id = id.to_string();
    let send = || client.request(Method::POST, &["documents", &id, "reingest"]);
    Ok(client.call::<Value>(send).await?.1)
}

async fn many(client: &Client, base: &str, args: &ReingestArgs) -> anyhow::Result<Value> {
    let base = find_base(client, base).await?.id;
    let names: Vec<String> = args.collection.iter().cloned().collect();
    let collection = find_collections(client, &[base], &names).await?;
    let source = source_id(client, base, args.source.as_deref()).await?;
    let base = base.to_string();
    let which = [
        ("collection_id", collection.first().map(Uuid::to_string)),
        ("state", args.state.clone()),
        ("mime_type", args.mime_type.clone()),
        ("source_id", source.map(|id| id.to_string())),
    ];
    let which = which
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    let body = Value::Object(which.collect());
    let send = || {
        client
            .request(Method::POST, &["knowledge-bases", &base, "reingest"])
            .json(&body)
    };
    Ok(client.call::<Value>(send).await?.1)
}

/// The job, what came of it, and why nothing did.
fn text(job: &Value) -> String {
    let mut text = format!("job  {}  {}\n", field(job, "id"), field(job, "state"));
    if let Some(result) = job.get("result").filter(|result| !result.is_null()) {
        let number = |name: &str| result.get(name).and_then(Value::as_u64).unwrap_or_default();
        text.push_str(&if result.get("submitted").is_some() {
            format!("submitted  {} (skipped {})\n", number("submitted"), number("skipped"))
        } else {
            format!("chunks  {} ({} embedded)\n", number("chunks"), number("embedded"))
        });
    }
    if let Some(error) = job.get("error").filter(|error| !error.is_null()) {
        text.push_str(&format!(
            "error  {}: {}\n",
            field(error, "code"),
            field(error, "message")
        ));
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    fn args(id: Option<Uuid>, base: Option<&str>, server: ServerArgs) -> ReingestArgs {
        ReingestArgs {
            id,
            base: base.map(str::to_owned),
            state: base.map(|_| "failed".to_owned()),
            mime_type: None,
            source: None,
            collection: None,
            wait: true,
            json: false,
            server,
        }
    }

    #[tokio::test]
    async fn who_waits_is_told_what_came_of_it() {
        let id = Uuid::from_u128(7);
        let fake = Fake::answering(vec![
            reply(202, json!({"id": id, "state": "queued"})),
            reply(200, json!({"id": id, "state": "succeeded"})),
        ])
        .await;
        assert_eq!(
            reingest(args(Some(id), None, fake.server())).await.unwrap(),
            Outcome::Done
        );
        assert_eq!(fake.requests()[0].line, format!("POST /v1/documents/{id}/reingest"));
    }

    #[tokio::test]
    async fn the_documents_of_a_base_are_asked_for_by_what_was_said_of_them() {
        let id = Uuid::from_u128(7);
        let fake = Fake::answering(vec![
            reply(
                200,
                json!({"data": [{"id": id, "name": "handbook"}], "next_cursor": null}),
            ),
            reply(
                202,
                json!({"id": id, "state": "succeeded", "result": {"submitted": 3, "skipped": 0}}),
            ),
        ])
        .await;
        let done = reingest(args(None, Some("handbook"), fake.server())).await.unwrap();
        assert_eq!(done, Outcome::Done);
        let sent = &fake.requests()[1];
        assert_eq!(
            (sent.line.as_str(), sent.body.as_str()),
            (
                &*format!("POST /v1/knowledge-bases/{id}/reingest"),
                r#"{"state":"failed"}"#
            )
        );
    }

    #[test]
    fn what_was_made_and_why_nothing_was_is_said() {
        let done = json!({"id": "a-job", "state": "succeeded", "result": {"chunks": 3, "embedded": 1}, "error": null});
        assert_eq!(text(&done), "job  a-job  succeeded\nchunks  3 (1 embedded)\n");
        let many =
            json!({"id": "a-job", "state": "succeeded", "result": {"submitted": 3, "skipped": 1}, "error": null});
        assert_eq!(text(&many), "job  a-job  succeeded\nsubmitted  3 (skipped 1)\n");
        let dead = json!({"id": "a-job", "state": "dead", "result": null, "error": {"code": "encrypted", "message": "It is locked."}});
        assert_eq!(text(&dead), "job  a-job  dead\nerror  encrypted: It is locked.\n");
    }
}
