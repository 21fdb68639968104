use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::json_object::object;
use crate::client::{Client, ServerArgs, find_base, find_collections, find_or_create, find_or_create_collection};
use crate::ingest::{Bars, Deletion, OnDisk, Pictures, Place, Skipped, collect, delete_missing, ingest, skipped_text};
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
    #[arg(long, visible_alias = "public")]
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
    /// Delete the documents of --collection whose files are in the folders no more. It is to be a collection for these folders alone: whose a document is shows nowhere else.
    /// Never are more than half of them deleted, and none where a file has failed
    #[arg(long, requires = "collection")]
    delete_missing: bool,
    /// Say what --delete-missing would delete; send and delete nothing
    #[arg(long, requires = "delete_missing")]
    dry_run: bool,
    /// Let --delete-missing delete more than half, and where a file has failed, too
    #[arg(long, requires = "delete_missing", conflicts_with = "dry_run")]
    force: bool,
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
    if let Some(file) = args.paths.iter().find(|path| args.delete_missing && !path.is_dir()) {
        let help = "all that is no longer in the folder would be deleted; give the folder";
        return Err(Advised::new(
            format!("--delete-missing is for folders, and {} is none", file.display()),
            help,
        )
        .into());
    }
    let found = collect(&args.paths, pictures)?;
    if found.documents.is_empty() && found.refused.is_empty() {
        let help = "docs/API.md says which files are documents; pictures of a folder are sent with --pictures";
        return Err(Advised::new("no document was found under the given paths", help).into());
    }
    let on_disk = OnDisk::of(&found);
    if args.dry_run {
        return dry_run(&client, &args, &on_disk).await;
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
    let skipped: String = match args.verbose {
        true => found.skipped.iter().map(skipped_line).collect(),
        false => skipped_text(&found.skipped),
    };
    if !args.json {
        // Before anything is deleted, which may fail.
        print(&format!("{skipped}{}", tally.text()))?;
    }
    let deletion = match (args.force, tally.failed.is_empty()) {
        (true, _) => Deletion::Forced,
        (false, true) => Deletion::Careful,
        (false, false) => Deletion::AfterFailures,
    };
    let missing = match collection.filter(|_| args.delete_missing) {
        Some(collection) => {
            let missing = delete_missing(&client, base.id, collection, &on_disk, deletion).await;
            missing.map(Some)
        }
        None => Ok(None),
    };
    if args.json {
        let base = json!({"id": base.id, "name": base.name});
        print_json(&json!({
            "knowledge_base": base, "missing": missing.as_ref().ok(), "ingested": tally.ingested, "unchanged": tally.unchanged,
            "failed": tally.failed, "skipped": found.skipped, "seconds": tally.seconds, "documents_per_second": tally.documents_per_second,
        }))?;
    }
    let missing = missing
        .context("not all documents whose files are gone were deleted; with --dry-run it says which are left")?;
    if !args.json
        && let Some(missing) = &missing
    {
        print(&missing.text())?;
    }
    let too_many = missing.is_some_and(|missing| missing.more_than_half);
    Ok(Outcome::done_if(tally.failed.is_empty() && !too_many))
}

fn skipped_line(skipped: &Skipped) -> String {
    format!("skipped  {}: {}\n", one_line(&skipped.path, 120), skipped.reason)
}

/// What would be deleted. Nothing is made for it: what is not there has no documents.
async fn dry_run(client: &Client, args: &Args, on_disk: &OnDisk) -> anyhow::Result<Outcome> {
    let base = find_base(client, &args.kb).await?.id;
    let name: Vec<String> = args.collection.iter().cloned().collect();
    let collections = find_collections(client, &[base], &name).await?;
    let collection = collections.first().context("say which collection")?;
    let missing = delete_missing(client, base, *collection, on_disk, Deletion::DryRun).await?;
    if args.json {
        print_json(&json!({ "missing": missing }))?;
    } else {
        print(&missing.text())?;
    }
    Ok(Outcome::done_if(!missing.more_than_half))
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
            delete_missing: false,
            dry_run: false,
            force: false,
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
        let (good, pages) = (dir.write("good.md", "text"), dir.write("contract.pages", "text"));
        for paths in [vec![good, pages.clone()], vec![pages]] {
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
            delete_missing: false,
            dry_run: false,
            force: false,
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

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn parsed(arguments: &[&str]) -> Result<Args, clap::Error> {
        let line = ["ingest", "--kb", "docs"].into_iter().chain(arguments.iter().copied());
        Ok(<Line as clap::Parser>::try_parse_from(line)?.args)
    }

    #[test]
    fn what_is_missing_is_deleted_from_a_collection_that_is_named() {
        assert!(parsed(&["d", "--delete-missing"]).is_err());
        assert!(parsed(&["d", "--collection", "c", "--dry-run"]).is_err());
        assert!(parsed(&["d", "--collection", "c", "--force"]).is_err());
        assert!(parsed(&["d", "--collection", "c", "--delete-missing", "--force"]).is_ok());
    }

    #[tokio::test]
    async fn a_dry_run_sends_and_makes_nothing_and_a_file_stands_for_no_folder() {
        let fake = Fake::serving(move |request| {
            let rows = match request.line.split('/').next_back() {
                Some(last) if last.starts_with("documents?") => {
                    json!([{"id": ID, "external_id": "a.md", "state": "ready"}, {"id": ID, "external_id": "gone.md", "state": "ready"}])
                }
                Some(last) if last.starts_with("collections?") => json!([{"id": ID, "name": "guide"}]),
                _ => json!([{"id": ID, "name": "docs"}]),
            };
            reply(200, json!({"data": rows, "next_cursor": null}))
        })
        .await;
        let dir = TempDir::new();
        let file = dir.write("a.md", "text");
        let at = |path: &std::path::Path| {
            let path = path.to_string_lossy().into_owned();
            let mut args = parsed(&[&path, "--collection", "guide", "--delete-missing", "--dry-run"]).unwrap();
            args.server = fake.server();
            args
        };
        assert_eq!(run(at(dir.path())).await.unwrap(), Outcome::Done);
        assert!(fake.requests().iter().all(|request| request.line.starts_with("GET ")));
        let error = run(at(&file)).await.unwrap_err();
        assert!(
            error.to_string().starts_with("--delete-missing is for folders"),
            "{error}"
        );
    }

    /// How the command ends, and how many documents it deletes, when the file that is there is refused.
    async fn deleted_after_a_failure(flags: &[&str]) -> (Outcome, usize) {
        let fake = Fake::serving(move |request| {
            let page = |rows: Value| reply(200, json!({"data": rows, "next_cursor": null}));
            let document = |name: &str| json!({"id": ID, "external_id": name, "state": "ready"});
            let (method, path) = request.line.split_once(' ').unwrap();
            let path = path.split('?').next().unwrap_or_default();
            match (method, path.rsplit('/').next().unwrap_or_default()) {
                ("GET", "knowledge-bases") => page(json!([{"id": ID, "name": "docs"}])),
                ("GET", "collections") => page(json!([{"id": ID, "name": "guide"}])),
                ("GET", "documents") => page(json!([document("new.md"), document("old.md")])),
                ("POST", "documents") => reply(422, json!({"code": "invalid", "detail": "It is not read."})),
                _ => reply(202, json!({"id": ID, "state": "queued"})),
            }
        })
        .await;
        let dir = TempDir::new();
        dir.write("new.md", "text");
        let path = dir.path().to_string_lossy().into_owned();
        let mut arguments = vec![path.as_str(), "--collection", "guide", "--delete-missing"];
        arguments.extend_from_slice(flags);
        let mut args = parsed(&arguments).unwrap();
        args.server = fake.server();
        let outcome = run(args).await.unwrap();
        let requests = fake.requests();
        let deleted = requests.iter().filter(|request| request.line.starts_with("DELETE "));
        (outcome, deleted.count())
    }

    #[tokio::test]
    async fn where_a_file_has_failed_what_is_missing_is_deleted_by_force_only() {
        assert_eq!(deleted_after_a_failure(&[]).await, (Outcome::PartlyFailed, 0));
        assert_eq!(deleted_after_a_failure(&["--json"]).await, (Outcome::PartlyFailed, 0));
        assert_eq!(deleted_after_a_failure(&["--force"]).await, (Outcome::PartlyFailed, 1));
    }

    #[tokio::test]
    async fn no_documents_at_all_is_an_error_with_advice() {
        let error = outcome("succeeded", &["a.png"]).await.unwrap_err();
        assert!(error.downcast_ref::<Advised>().unwrap().help.contains(".md"));
    }
}
