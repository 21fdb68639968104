use anyhow::bail;
use reqwest::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::collection::of_documents_base;
use crate::client::ServerArgs;
use crate::outcome::Outcome;
use crate::render::{print, print_json, printable};

#[derive(clap::Args)]
pub(super) struct UpdateArgs {
    #[arg(value_name = "DOCUMENT_ID")]
    id: Uuid,
    /// A JSON object in the place of its metadata
    #[arg(long, value_name = "JSON", value_parser = parse_json)]
    metadata: Option<Value>,
    /// Who may see it: {"public": true}, {"users": […], "groups": […]}, or {} for nobody but the tenant
    #[arg(long, value_name = "JSON", value_parser = parse_json)]
    acl: Option<Value>,
    /// The collection that it is put into, by name or id
    #[arg(long, value_name = "NAME", conflicts_with = "no_collection")]
    collection: Option<String>,
    /// Take it out of the collection that it is in
    #[arg(long)]
    no_collection: bool,
    /// Switch it off: it stays as it is, and nothing finds it until it is switched on
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// Switch it on again
    #[arg(long)]
    enable: bool,
    /// Print the document as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

fn parse_json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))
}

pub(super) async fn update(args: UpdateArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let collection = match (&args.collection, args.no_collection) {
        (Some(name), _) => Some(json!(of_documents_base(&client, args.id, name).await?)),
        (None, true) => Some(Value::Null),
        (None, false) => None,
    };
    let enabled = (args.disable || args.enable).then_some(Value::Bool(args.enable));
    let fields = [
        ("metadata", args.metadata),
        ("acl", args.acl),
        ("collection_id", collection),
        ("enabled", enabled),
    ];
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let body: Map<String, Value> = given.collect();
    if body.is_empty() {
        bail!("nothing is to be changed: give --metadata, --acl, --collection, --no-collection, --disable or --enable");
    }
    let id = args.id.to_string();
    let send = || client.request(Method::PATCH, &["documents", &id]).json(&body);
    let (_, document) = client.call::<Value>(send).await?;
    if args.json {
        print_json(&document)?;
    } else {
        let field = |name: &str| match document.get(name) {
            None | Some(Value::Null) => "none".to_owned(),
            Some(Value::String(text)) => printable(text),
            Some(value) => printable(&value.to_string()),
        };
        print(&format!(
            "{id}\nmetadata  {}\nacl  {}\ncollection  {}\nenabled  {}\n",
            field("metadata"),
            field("acl"),
            field("collection_id"),
            field("enabled")
        ))?;
    }
    Ok(Outcome::Done)
}
