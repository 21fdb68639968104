use anyhow::bail;
use reqwest::Method;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::client::ServerArgs;
use crate::outcome::Outcome;
use crate::render::{print, print_json};

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
    let fields = [("metadata", args.metadata), ("acl", args.acl)];
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let body: Map<String, Value> = given.collect();
    if body.is_empty() {
        bail!("nothing is to be changed: give --metadata or --acl");
    }
    let id = args.id.to_string();
    let send = || client.request(Method::PATCH, &["documents", &id]).json(&body);
    let (_, document) = client.call::<Value>(send).await?;
    if args.json {
        print_json(&document)?;
    } else {
        let field = |name: &str| document.get(name).unwrap_or(&Value::Null).to_string();
        print(&format!(
            "{id}\nmetadata  {}\nacl  {}\n",
            field("metadata"),
            field("acl")
        ))?;
    }
    Ok(Outcome::Done)
}
