use anyhow::bail;
use reqwest::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::collection::of_base;
use super::delete::{field, outcome};
use crate::client::{Client, ServerArgs, find_base, wait_for_end};
use crate::commands::json_object::object;
use crate::outcome::Outcome;
use crate::render::{print, print_json};

#[derive(clap::Args)]
pub(super) struct UpdateManyArgs {
    /// The knowledge base, by name or id; all its documents, unless something says which
    #[arg(long = "kb", value_name = "NAME")]
    base: String,
    /// Only those in this state
    #[arg(long, value_parser = ["pending", "ready", "failed"])]
    state: Option<String>,
    /// Only those of this media type, such as application/pdf
    #[arg(long, value_name = "TYPE")]
    mime_type: Option<String>,
    /// Only those that are in this collection, by name or id
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
    /// Only those whose external id begins so
    #[arg(long, value_name = "PREFIX")]
    external_id_prefix: Option<String>,
    /// Only this one, by its external id; may be given up to 1,000 times
    #[arg(long = "external-id", value_name = "ID")]
    external_ids: Vec<String>,
    /// A JSON object that is merged into the metadata of each: its members are set, those that are null are removed, and all others stay
    #[arg(long, value_name = "JSON", value_parser = object)]
    metadata: Option<Value>,
    /// Who may see them: {"public": true}, {"users": […], "groups": […]}, or {} for nobody but the tenant
    #[arg(long, value_name = "JSON", value_parser = object)]
    acl: Option<Value>,
    /// The collection that they are put into, by name or id
    #[arg(long, value_name = "NAME", conflicts_with = "no_collection")]
    move_to: Option<String>,
    /// Take them out of the collections that they are in
    #[arg(long)]
    no_collection: bool,
    /// Count what would be changed, and change nothing; waits for the numbers
    #[arg(long)]
    dry_run: bool,
    /// Wait until they are changed
    #[arg(long)]
    wait: bool,
    /// Print the job as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn update_many(args: UpdateManyArgs) -> anyhow::Result<Outcome> {
    if args.metadata.is_none() && args.acl.is_none() && args.move_to.is_none() && !args.no_collection {
        bail!("nothing is to be changed: give --metadata, --acl, --move-to or --no-collection");
    }
    let client = args.server.connect()?;
    let base = find_base(&client, &args.base).await?.id;
    let body = body(&client, base, &args).await?;
    let base = base.to_string();
    let send = || {
        client
            .request(Method::POST, &["knowledge-bases", &base, "documents", "update"])
            .json(&body)
    };
    let (_, mut job) = client.call::<Value>(send).await?;
    if args.wait || args.dry_run {
        job = wait_for_end(&client, job).await?;
    }
    if args.json {
        print_json(&job)?;
    } else {
        print(&text(&job))?;
    }
    Ok(outcome(&job))
}

async fn body(client: &Client, base: Uuid, args: &UpdateManyArgs) -> anyhow::Result<Value> {
    let external_ids = (!args.external_ids.is_empty()).then(|| json!(args.external_ids));
    let within = match &args.collection {
        Some(name) => Some(json!(of_base(client, base, name).await?)),
        None => None,
    };
    let which = [
        ("state", args.state.clone().map(Value::from)),
        ("mime_type", args.mime_type.clone().map(Value::from)),
        ("collection_id", within),
        ("external_id_prefix", args.external_id_prefix.clone().map(Value::from)),
        ("external_ids", external_ids),
    ];
    let put = match &args.move_to {
        Some(name) => Some(json!(of_base(client, base, name).await?)),
        None => args.no_collection.then_some(Value::Null),
    };
    let fields = [
        ("which", Some(Value::Object(given(which)))),
        ("metadata", args.metadata.clone()),
        ("acl", args.acl.clone()),
        ("collection_id", put),
        ("dry_run", args.dry_run.then_some(Value::Bool(true))),
    ];
    Ok(Value::Object(given(fields)))
}

fn given<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    given.collect()
}

/// The job, what came of it, and why nothing did.
fn text(job: &Value) -> String {
    let mut text = format!("job  {}  {}\n", field(job, "id"), field(job, "state"));
    if let Some(result) = job.get("result").filter(|result| !result.is_null()) {
        let number = |name: &str| result.get(name).and_then(Value::as_u64).unwrap_or_default();
        let word = match result.get("dry_run").and_then(Value::as_bool) {
            Some(true) => "would change",
            _ => "changed",
        };
        text.push_str(&format!(
            "{word}  {} (unchanged {})\n",
            number("changed"),
            number("unchanged")
        ));
        let left_alone = [
            ("of_sources", "come from a source"),
            ("too_large", "their metadata would be too large"),
            ("skipped", "submitted since"),
        ];
        for (name, why) in left_alone {
            if number(name) > 0 {
                text.push_str(&format!("left alone  {} ({why})\n", number(name)));
            }
        }
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

    fn args(server: ServerArgs) -> UpdateManyArgs {
        UpdateManyArgs {
            base: "handbook".to_owned(),
            state: None,
            mime_type: None,
            collection: None,
            external_id_prefix: None,
            external_ids: Vec::new(),
            metadata: None,
            acl: None,
            move_to: None,
            no_collection: false,
            dry_run: false,
            wait: false,
            json: false,
            server,
        }
    }

    #[tokio::test]
    async fn what_is_changed_and_in_which_documents_is_sent_as_it_was_said() {
        let (base, drafts, lamps) = (Uuid::from_u128(7), Uuid::from_u128(8), Uuid::from_u128(9));
        let collections =
            json!({"data": [{"id": drafts, "name": "drafts"}, {"id": lamps, "name": "lamps"}], "next_cursor": null});
        let fake = Fake::answering(vec![
            reply(
                200,
                json!({"data": [{"id": base, "name": "handbook"}], "next_cursor": null}),
            ),
            reply(200, collections.clone()),
            reply(200, collections),
            reply(202, json!({"id": base, "state": "queued"})),
        ])
        .await;
        let asked = UpdateManyArgs {
            collection: Some("drafts".to_owned()),
            external_ids: vec!["a".to_owned(), "b".to_owned()],
            metadata: Some(json!({"product": "lamp", "draft": null})),
            move_to: Some("lamps".to_owned()),
            ..args(fake.server())
        };
        assert_eq!(update_many(asked).await.unwrap(), Outcome::Done);
        let sent = &fake.requests()[3];
        assert_eq!(sent.line, format!("POST /v1/knowledge-bases/{base}/documents/update"));
        assert_eq!(
            serde_json::from_str::<Value>(&sent.body).unwrap(),
            json!({
                "which": {"collection_id": drafts, "external_ids": ["a", "b"]},
                "metadata": {"product": "lamp", "draft": null},
                "collection_id": lamps,
            })
        );
    }

    #[tokio::test]
    async fn a_dry_run_waits_for_its_numbers() {
        let id = Uuid::from_u128(7);
        let fake = Fake::answering(vec![
            reply(
                200,
                json!({"data": [{"id": id, "name": "handbook"}], "next_cursor": null}),
            ),
            reply(202, json!({"id": id, "state": "queued"})),
            reply(200, json!({"id": id, "state": "succeeded"})),
        ])
        .await;
        let asked = UpdateManyArgs {
            no_collection: true,
            dry_run: true,
            ..args(fake.server())
        };
        assert_eq!(update_many(asked).await.unwrap(), Outcome::Done);
        assert_eq!(
            serde_json::from_str::<Value>(&fake.requests()[1].body).unwrap(),
            json!({"which": {}, "collection_id": null, "dry_run": true})
        );
        assert_eq!(fake.requests()[2].line, format!("GET /v1/jobs/{id}"));
    }

    #[tokio::test]
    async fn who_says_no_change_is_told_how_to() {
        let fake = Fake::answering(Vec::new()).await;
        let refused = update_many(args(fake.server())).await.unwrap_err().to_string();
        assert!(refused.contains("--metadata"), "{refused}");
        assert!(fake.requests().is_empty());
    }

    #[test]
    fn what_was_changed_and_what_was_left_alone_is_said() {
        let result =
            json!({"dry_run": false, "changed": 3, "unchanged": 1, "of_sources": 2, "too_large": 0, "skipped": 0});
        let job = json!({"id": "a-job", "state": "succeeded", "result": result, "error": null});
        assert_eq!(
            text(&job),
            "job  a-job  succeeded\nchanged  3 (unchanged 1)\nleft alone  2 (come from a source)\n"
        );
        let dry =
            json!({"id": "a-job", "state": "succeeded", "result": {"dry_run": true, "changed": 3, "unchanged": 0}});
        assert_eq!(text(&dry), "job  a-job  succeeded\nwould change  3 (unchanged 0)\n");
        let dead = json!({"id": "a-job", "state": "dead", "result": null, "error": {"code": "not_found", "message": "The collection no longer exists."}});
        assert_eq!(
            text(&dead),
            "job  a-job  dead\nerror  not_found: The collection no longer exists.\n"
        );
    }
}
