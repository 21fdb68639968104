use std::path::PathBuf;

use serde_json::{Value, json};

use crate::client::{ServerArgs, find_or_create, find_or_create_collection};
use crate::ingest::{Bars, Pictures, Place, Skipped, collect, ingest, skipped_text};
use crate::outcome::{Advised, Outcome};
use crate::render::{one_line, print, print_json};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files and folders; folders are searched for documents of every kind that is read
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Name of the knowledge base; made if it is not there
    #[arg(long, value_name = "NAME")]
    kb: String,
    /// The collection that they are put into, by name; made if it is not there. Without it, documents that are there already stay in the one that they are in
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
    /// Let everyone see the documents, users of the widget too, also those whose access list was changed since; new ones that nothing is said of are for the tenant's
    /// own secret keys, and those that are there already stay for whom they are for
    #[arg(long)]
    acl_public: bool,
    /// Who may see the documents, as JSON: {"groups": ["staff"]}
    #[arg(long, value_name = "JSON", value_parser = object, conflicts_with = "acl_public")]
    acl: Option<Value>,
    /// The documents' metadata, as JSON: {"product": "lamp"}; without it, documents that are there already keep theirs
    #[arg(long, value_name = "JSON", value_parser = object)]
    metadata: Option<Value>,
    /// Send the pictures of folders too, for knowledge bases whose model reads them; one that is named is sent in any case
    #[arg(long)]
    pictures: bool,
    /// Encoding of the text files that are not UTF-8, such as windows-1252, in place of a guess; files with a byte order mark, and web pages that name theirs, need none
    #[arg(long, value_name = "NAME", value_parser = charset)]
    charset: Option<String>,
    /// List each file of a folder that is skipped, and why
    #[arg(long)]
    verbose: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let pictures = if args.pictures { Pictures::Send } else { Pictures::Skip };
    let found = collect(&args.paths, pictures)?;
    if found.documents.is_empty() && found.refused.is_empty() {
        let help = "docs/API.md says which files are documents; pictures of a folder are sent with --pictures";
        return Err(Advised::new("no document was found under the given paths", help).into());
    }
    let documents = found.documents.into_iter().map(|document| match &args.charset {
        Some(charset) => document.in_charset(charset),
        None => document,
    });
    let base = find_or_create(&client, &args.kb).await?;
    let collection = match &args.collection {
        Some(name) => Some(find_or_create_collection(&client, base.id, name).await?),
        None => None,
    };
    let place = Place {
        base: base.id,
        collection,
        acl: match args.acl_public {
            true => Some(json!({"public": true})),
            false => args.acl,
        },
        metadata: args.metadata,
    };
    let mut tally = ingest(&client, place, documents.collect(), Bars::new(args.json)).await?;
    tally.refuse(found.refused);
    tally.skipped = found.skipped.len();
    if args.json {
        let base = json!({"id": base.id, "name": base.name});
        print_json(&json!({
            "knowledge_base": base, "ingested": tally.ingested, "unchanged": tally.unchanged, "failed": tally.failed,
            "skipped": found.skipped, "seconds": tally.seconds, "documents_per_second": tally.documents_per_second,
        }))?;
    } else {
        let line = |skipped: &Skipped| format!("skipped  {}: {}\n", one_line(&skipped.path, 120), skipped.reason);
        let skipped: String = match args.verbose {
            true => found.skipped.iter().map(line).collect(),
            false => skipped_text(&found.skipped),
        };
        print(&format!("{skipped}{}", tally.text()))?;
    }
    Ok(Outcome::done_if(tally.failed.is_empty()))
}

fn object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("must be a JSON object".to_owned()),
        Err(error) => Err(format!("is not JSON: {error}")),
    }
}

/// A name that is known: the API would take another for none.
fn charset(name: &str) -> Result<String, String> {
    match api::document_types::is_charset(name) {
        true => Ok(name.to_owned()),
        false => Err(
            "no encoding has this name; names are listed at https://encoding.spec.whatwg.org/#names-and-labels"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, TempDir, reply};

    const ID: uuid::Uuid = uuid::Uuid::from_u128(4);

    async fn outcome(state: &'static str, files: &[&str]) -> anyhow::Result<Outcome> {
        let dir = TempDir::new();
        files.iter().for_each(|name| drop(dir.write(name, "text")));
        outcome_of(state, vec![dir.path().to_owned()]).await
    }

    async fn outcome_of(state: &'static str, paths: Vec<PathBuf>) -> anyhow::Result<Outcome> {
        let fake = Fake::serving(move |request| match request.line.as_str() {
            "GET /v1/knowledge-bases?limit=100" => reply(200, json!({"data": [], "next_cursor": null})),
            "POST /v1/knowledge-bases" => reply(201, json!({"id": ID, "name": "docs"})),
            _ => reply(
                200,
                json!({"id": ID, "kind": "ingest_document", "state": state, "result": {"unchanged": true}}),
            ),
        })
        .await;
        run(Args {
            paths,
            kb: "docs".into(),
            collection: None,
            acl_public: false,
            acl: None,
            metadata: None,
            pictures: false,
            verbose: false,
            charset: None,
            json: false,
            server: fake.server(),
        })
        .await
    }

    #[tokio::test]
    async fn unchanged_and_skipped_files_are_a_success() {
        assert_eq!(outcome("succeeded", &["a.md", "b.png"]).await.unwrap(), Outcome::Done);
    }

    #[tokio::test]
    async fn a_file_that_was_named_and_cannot_be_sent_is_a_partial_failure() {
        let dir = TempDir::new();
        let (good, odt) = (dir.write("good.md", "text"), dir.write("contract.odt", "text"));
        for paths in [vec![good, odt.clone()], vec![odt]] {
            assert_eq!(outcome_of("succeeded", paths).await.unwrap(), Outcome::PartlyFailed);
        }
    }

    #[tokio::test]
    async fn a_failed_file_is_a_partial_failure() {
        assert_eq!(outcome("dead", &["a.md"]).await.unwrap(), Outcome::PartlyFailed);
    }

    #[tokio::test]
    async fn a_charset_is_said_of_what_is_not_utf_8() {
        let fake = Fake::serving(move |request| match request.line.as_str() {
            "GET /v1/knowledge-bases?limit=100" => {
                reply(200, json!({"data": [{"id": ID, "name": "docs"}], "next_cursor": null}))
            }
            _ => reply(
                200,
                json!({"id": ID, "kind": "ingest_document", "state": "succeeded", "result": {}}),
            ),
        })
        .await;
        let dir = TempDir::new();
        dir.write("old.txt", b"M\xfcnchen".as_slice());
        dir.write("new.txt", "text");
        run(Args {
            paths: vec![dir.path().to_owned()],
            kb: "docs".into(),
            collection: None,
            acl_public: false,
            acl: None,
            metadata: None,
            pictures: false,
            verbose: false,
            charset: Some("windows-1252".into()),
            json: false,
            server: fake.server(),
        })
        .await
        .unwrap();
        let said = |name: &str, media_type: &str| {
            let part = format!("filename=\"{name}\"\r\nContent-Type: {media_type}\r\n");
            fake.requests().iter().any(|request| request.body.contains(&part))
        };
        assert!(said("old.txt", "text/plain; charset=windows-1252"));
        assert!(said("new.txt", "text/plain"));
    }

    #[tokio::test]
    async fn no_documents_at_all_is_an_error_with_advice() {
        let error = outcome("succeeded", &["a.png"]).await.unwrap_err();
        assert!(error.downcast_ref::<Advised>().unwrap().help.contains(".md"));
    }
}
