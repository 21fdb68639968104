use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;
use store::documents::DocumentState;
use uuid::Uuid;

use super::source::source_id;
use crate::client::{Client, Page, ServerArgs, find_base, find_collections};
use crate::outcome::Outcome;
use crate::render::{number_of, one_line, print, print_json};

/// The most that the API gives at once.
const PAGE_SIZE: usize = 100;

#[derive(clap::Args)]
pub(super) struct ListArgs {
    /// The knowledge base, by name or id
    #[arg(value_name = "BASE", required_unless_present = "kb", conflicts_with = "kb")]
    base: Option<String>,
    /// The same, as other commands take it
    #[arg(long, value_name = "NAME")]
    kb: Option<String>,
    /// Only those in this state
    #[arg(long, value_parser = DocumentState::ALL.map(DocumentState::as_str))]
    state: Option<String>,
    /// The one that you call so
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Only those that come from this source, by name or id
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only those that are in this collection, by name or id
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
    /// Only those of this media type, such as application/pdf
    #[arg(long, value_name = "TYPE")]
    mime_type: Option<String>,
    /// Only those with this in their title or external id, in upper or lower case
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,
    /// Only those that are switched off
    #[arg(long)]
    disabled: bool,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Where the last page ended
    #[arg(long)]
    cursor: Option<String>,
    /// Print the documents as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Deserialize)]
struct Listed {
    id: Uuid,
    title: String,
    state: String,
    mime_type: String,
    chunk_count: u64,
    external_id: Option<String>,
    error: Option<Failure>,
    /// Not said by servers that know no other.
    enabled: Option<bool>,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
}

pub(super) async fn list(args: ListArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let name = args.base.as_ref().or(args.kb.as_ref());
    let base = find_base(&client, name.context("say which knowledge base")?).await?.id;
    let (documents, next) = read(&client, base, &args).await?;
    if args.json {
        print_json(&Value::Array(documents))?;
        // Beside the documents, so that these stay what programs read.
        if let Some(next) = &next {
            eprint!("{}", more(next));
        }
        return Ok(Outcome::Done);
    }
    let documents: Vec<Listed> = serde_json::from_value(Value::Array(documents))?;
    print(&text(&documents, next.as_deref()))?;
    Ok(Outcome::Done)
}

/// As many as are wanted, and where the rest begins. A page may be short of them, and is not the last for that.
async fn read(client: &Client, base: Uuid, args: &ListArgs) -> anyhow::Result<(Vec<Value>, Option<String>)> {
    let names: Vec<String> = args.collection.iter().cloned().collect();
    let collection = find_collections(client, &[base], &names).await?;
    let source = source_id(client, base, args.source.as_deref()).await?;
    let base = base.to_string();
    let filter = [
        ("collection_id", collection.first().map(Uuid::to_string)),
        ("state", args.state.clone()),
        ("external_id", args.external_id.clone()),
        ("source_id", source.map(|id| id.to_string())),
        ("mime_type", args.mime_type.clone()),
        ("q", args.query.clone()),
        ("enabled", args.disabled.then(|| "false".to_owned())),
    ];
    let wanted = usize::try_from(args.limit)?;
    let mut documents: Vec<Value> = Vec::new();
    let mut cursor = args.cursor.clone();
    loop {
        let size = PAGE_SIZE.min(wanted - documents.len());
        let mut query = vec![("limit", size.to_string())];
        query.extend(filter.iter().filter_map(|(name, value)| Some((*name, value.clone()?))));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let page: Page<Value> = client.get(&["knowledge-bases", &base, "documents"], &query).await?;
        documents.extend(page.data.into_iter().take(size));
        if page.next_cursor.is_none() || documents.len() == wanted {
            return Ok((documents, page.next_cursor));
        }
        cursor = page.next_cursor;
    }
}

fn text(documents: &[Listed], next: Option<&str>) -> String {
    let mut text: String = documents.iter().map(line).collect();
    if documents.is_empty() {
        text.push_str("there are none\n");
    }
    if let Some(next) = next {
        text.push_str(&more(next));
    }
    text
}

fn more(next: &str) -> String {
    format!(
        "more: --cursor {}; --limit says how many are shown\n",
        one_line(next, 1000)
    )
}

fn line(document: &Listed) -> String {
    let external_id = document.external_id.as_deref().unwrap_or_default();
    let failure = document.error.as_ref().filter(|_| document.state == "failed");
    let failure = failure.map(|error| format!(" {}", one_line(&error.code, 60)));
    let off = match document.enabled {
        Some(false) => "  switched off",
        Some(true) | None => "",
    };
    let line = format!(
        "{}  {:<8}{}{off}  {}  {}  {}  {}",
        document.id,
        one_line(&document.state, 20),
        failure.unwrap_or_default(),
        one_line(&document.mime_type, 60),
        number_of(document.chunk_count, "chunk"),
        one_line(&document.title, 80),
        one_line(external_id, 120)
    );
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    #[tokio::test]
    async fn short_pages_are_followed_until_there_are_as_many_as_are_wanted() {
        let id = Uuid::from_u128(7);
        let document = json!({"id": id, "title": "Lantern", "state": "ready", "mime_type": "text/plain", "chunk_count": 1, "external_id": "a.txt"});
        let page = |data: Value, cursor: Value| reply(200, json!({"data": data, "next_cursor": cursor}));
        let fake = Fake::answering(vec![
            reply(200, json!({"data": [{"id": id, "name": "docs"}], "next_cursor": null})),
            page(json!([document]), json!("a")),
            page(json!([]), json!("b")),
            page(json!([document, document]), json!("c")),
        ])
        .await;
        let args = ListArgs {
            base: Some("docs".into()),
            kb: None,
            state: Some("ready".into()),
            external_id: None,
            source: None,
            collection: None,
            mime_type: None,
            query: Some("a&b".into()),
            disabled: true,
            limit: 3,
            cursor: Some("z".into()),
            json: false,
            server: fake.server(),
        };
        assert_eq!(list(args).await.unwrap(), Outcome::Done);
        let asked: Vec<String> = fake.requests().into_iter().map(|request| request.line).collect();
        let (of_base, asked) = asked.split_first().unwrap();
        assert!(of_base.starts_with("GET /v1/knowledge-bases?"), "{of_base}");
        let page = |limit: usize, cursor: &str| {
            format!("GET /v1/knowledge-bases/{id}/documents?limit={limit}&state=ready&q=a%26b&enabled=false{cursor}")
        };
        assert_eq!(
            asked,
            [page(3, "&cursor=z"), page(2, "&cursor=a"), page(2, "&cursor=b")]
        );
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: ListArgs,
    }

    fn parsed(arguments: &[&str]) -> Result<ListArgs, clap::Error> {
        let line = ["list"].into_iter().chain(arguments.iter().copied());
        Ok(<Line as clap::Parser>::try_parse_from(line)?.args)
    }

    #[tokio::test]
    async fn the_base_may_be_named_as_everywhere_and_the_source_by_its_name() {
        let (id, site) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let listed =
            |id: Uuid, name: &str| reply(200, json!({"data": [{"id": id, "name": name}], "next_cursor": null}));
        let fake = Fake::answering(vec![
            listed(id, "docs"),
            listed(site, "site"),
            reply(200, json!({"data": [], "next_cursor": null})),
        ])
        .await;
        let mut args = parsed(&["--kb", "docs", "--source", "site"]).unwrap();
        args.server = fake.server();
        assert_eq!(list(args).await.unwrap(), Outcome::Done);
        let asked = format!("GET /v1/knowledge-bases/{id}/documents?limit=20&source_id={site}");
        assert_eq!(fake.requests()[2].line, asked);
        assert!(parsed(&[]).is_err() && parsed(&["docs", "--kb", "docs"]).is_err());
    }

    #[test]
    fn a_state_is_one_that_documents_have() {
        for state in DocumentState::ALL {
            assert!(parsed(&["docs", "--state", state.as_str()]).is_ok(), "{state:?}");
        }
        assert!(parsed(&["docs", "--state", "done"]).is_err());
    }

    #[test]
    fn documents_are_listed_with_what_they_are_called() {
        let listed = |external_id: Value| -> Listed {
            serde_json::from_value(json!({"id": Uuid::from_u128(7), "title": "Lantern\u{1b}[2J", "state": "ready", "mime_type": "text/plain", "chunk_count": 1,
                "external_id": external_id}))
            .unwrap()
        };
        let id = Uuid::from_u128(7);
        assert_eq!(
            text(&[listed(json!("a.txt")), listed(Value::Null)], Some("c")),
            format!(
                "{id}  ready     text/plain  1 chunk  Lantern\u{fffd}[2J  a.txt\n{id}  ready     text/plain  1 chunk  Lantern\u{fffd}[2J\n\
                 more: --cursor c; --limit says how many are shown\n"
            )
        );
        assert_eq!(text(&[], None), "there are none\n");
        let mut failed = listed(Value::Null);
        failed.state = "failed".into();
        failed.error = Some(Failure { code: "no_text".into() });
        assert!(
            text(&[failed], None).starts_with(&format!("{id}  failed   no_text  text/plain  ")),
            "why it failed is said"
        );
        let mut off = listed(Value::Null);
        off.enabled = Some(false);
        assert_eq!(
            text(&[off], None),
            format!("{id}  ready     switched off  text/plain  1 chunk  Lantern\u{fffd}[2J\n")
        );
    }
}
