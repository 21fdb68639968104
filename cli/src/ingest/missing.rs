//! Documents of a collection whose files are in their folder no more.
//!
//! What `ingest` sends goes by its path below the folder, which says nothing of the folder: within a base nobody can tell the documents of one from those of another. So a
//! collection stands for a folder, and of what is in it only that is looked at which `ingest` can have put there: a source's pages and what programs submit go by other names.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::collect::Collection;
use super::format::mime_type;
use crate::client::{Client, ClientError, list_all_of};
use crate::render::{number_of, one_line};

const AT_ONCE: usize = 8;

/// What there is below the folders.
pub(crate) struct OnDisk {
    /// Documents, by their external ids.
    documents: HashSet<String>,
    /// What is not sent: pictures that nobody asked for, links. What is called so, or is below it, is not known to be gone.
    skipped: HashSet<PathBuf>,
}

impl OnDisk {
    pub(crate) fn of(found: &Collection) -> Self {
        let documents = found.documents.iter().map(|document| document.external_id.clone());
        let skipped = found.skipped.iter().map(|file| PathBuf::from(&file.path));
        Self {
            documents: documents.collect(),
            skipped: skipped.collect(),
        }
    }

    fn has(&self, external_id: &str) -> bool {
        let mut above = Path::new(external_id).ancestors();
        self.documents.contains(external_id) || above.any(|path| self.skipped.contains(path))
    }
}

/// What is to become of the documents whose files are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// They are named only.
    DryRun,
    /// They are deleted, unless they are more than half.
    Careful,
    /// They are named only, since not all that was sent has arrived: what is missing may be there under another name.
    AfterFailures,
    /// They are deleted, however many they are.
    Forced,
}

/// What became of the documents whose files are gone.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Missing {
    /// Their external ids, in order.
    pub(crate) documents: Vec<String>,
    /// How many documents of the collection were looked at.
    pub(crate) of: usize,
    pub(crate) dry_run: bool,
    /// So many are missing that something else may be wrong: none was deleted, or would be.
    pub(crate) more_than_half: bool,
    /// Others have failed: none was deleted.
    pub(crate) after_failures: bool,
}

#[derive(Deserialize)]
struct Listed {
    id: Uuid,
    state: String,
    external_id: Option<String>,
}

/// Deletes the documents of the collection whose files are gone. They are found no more when this has ended; their jobs go on.
///
/// # Errors
/// What a call may end with. What was deleted by then is.
pub(crate) async fn delete_missing(
    client: &Client,
    base: Uuid,
    collection: Uuid,
    on_disk: &OnDisk,
    deletion: Deletion,
) -> Result<Missing, ClientError> {
    let client = &client.for_bulk_work();
    let path = ["knowledge-bases", &base.to_string(), "documents"];
    let filter = [("collection_id", collection.to_string())];
    let listed: Vec<Listed> = list_all_of(client, &path, &filter).await?;
    let (mut of, mut missing) = (0, Vec::new());
    for document in listed {
        let Some(external_id) = document.external_id.filter(|id| is_of_a_folder(id)) else {
            continue;
        };
        if document.state == "deleting" {
            continue;
        }
        of += 1;
        if !on_disk.has(&external_id) {
            missing.push((external_id, document.id));
        }
    }
    missing.sort();
    let more_than_half = deletion != Deletion::Forced && missing.len() * 2 > of;
    let after_failures = deletion == Deletion::AfterFailures && !missing.is_empty();
    let (documents, ids): (Vec<String>, Vec<Uuid>) = missing.into_iter().unzip();
    if deletion != Deletion::DryRun && !more_than_half && !after_failures {
        let deletions = stream::iter(ids).map(|id| delete(client, id));
        deletions.buffered(AT_ONCE).try_collect::<Vec<()>>().await?;
    }
    Ok(Missing {
        documents,
        of,
        dry_run: deletion == Deletion::DryRun,
        more_than_half,
        after_failures,
    })
}

/// Whether `ingest` gives such ids to files of folders: a path without hidden parts, of a kind that is read. The address of a page has an empty part.
fn is_of_a_folder(external_id: &str) -> bool {
    let mut parts = external_id.split('/');
    parts.all(|part| !part.is_empty() && !part.starts_with('.')) && mime_type(Path::new(external_id)).is_some()
}

async fn delete(client: &Client, id: Uuid) -> Result<(), ClientError> {
    let id = id.to_string();
    let send = || client.request(Method::DELETE, &["documents", &id]);
    match client.call::<Value>(send).await {
        // Somebody else has deleted it since it was listed.
        Err(ClientError::Problem(problem)) if problem.status == StatusCode::NOT_FOUND => Ok(()),
        deleted => deleted.map(|_job| ()),
    }
}

impl Missing {
    /// For people: the documents, one a line, then one line of counts.
    pub(crate) fn text(&self) -> String {
        let stays = self.more_than_half || self.after_failures;
        let word = match (stays, self.dry_run) {
            (true, _) => "missing ",
            (false, true) => "would go",
            (false, false) => "deleted ",
        };
        let line = |id: &String| format!("{word} {}: its file is gone\n", one_line(id, 120));
        let mut text: String = self.documents.iter().map(line).collect();
        let missing = self.documents.len();
        let of = number_of(self.of as u64, "document");
        let why = match self.after_failures {
            true => {
                "not all that was sent has arrived, which may be theirs under other names; --force deletes them all the same"
            }
            false => "they are more than half, which takes --force",
        };
        text.push_str(&match (stays, self.dry_run) {
            (true, true) => format!("{missing} of {of} would stay: {why}\n"),
            (true, false) => format!("{missing} of {of} stay: {why}\n"),
            (false, true) => format!("{missing} of {of} would be deleted\n"),
            (false, false) => format!("{missing} of {of} deleted\n"),
        });
        text
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::ingest::{Pictures, collect};
    use crate::testing::{Fake, TempDir, reply};
    use serde_json::json;

    const BASE: Uuid = Uuid::from_u128(1);
    const COLLECTION: Uuid = Uuid::from_u128(2);

    fn document(id: u128, external_id: &str, state: &str) -> Value {
        json!({"id": Uuid::from_u128(id), "external_id": external_id, "state": state})
    }

    /// With a document, a picture that is not sent, and a link to a folder that is not entered.
    fn folder() -> TempDir {
        let dir = TempDir::new();
        dir.write("a.md", "# A");
        dir.write("chart.png", "picture");
        std::os::unix::fs::symlink(std::env::temp_dir(), dir.path().join("linked")).unwrap();
        dir
    }

    /// What is made of these documents of the collection, and the ids of those that were deleted.
    async fn tidied(listed: Value, deletion: Deletion) -> (Missing, Vec<String>) {
        let fake = Fake::serving(move |request| match request.line.starts_with("GET") {
            true => reply(200, json!({"data": listed, "next_cursor": null})),
            false if request.line.ends_with(&Uuid::from_u128(12).to_string()) => {
                reply(404, json!({"code": "not_found"}))
            }
            false => reply(202, json!({"id": BASE, "state": "queued"})),
        })
        .await;
        let dir = folder();
        let found = collect(&[dir.path().to_owned()], Pictures::Skip).unwrap();
        let missing = delete_missing(&fake.client(), BASE, COLLECTION, &OnDisk::of(&found), deletion)
            .await
            .unwrap();
        let mut lines: Vec<String> = fake.requests().into_iter().map(|request| request.line).collect();
        let of = format!("GET /v1/knowledge-bases/{BASE}/documents?limit=100&collection_id={COLLECTION}");
        assert_eq!(lines.remove(0), of);
        lines.sort();
        (missing, lines)
    }

    #[tokio::test]
    async fn what_has_no_file_any_more_is_deleted_and_nothing_else_is() {
        let listed = json!([
            document(10, "a.md", "ready"),
            document(11, "gone.md", "ready"),
            document(12, "sub/gone.pdf", "failed"),
            document(13, "chart.png", "ready"),
            document(14, "linked/far.md", "ready"),
            document(15, "going.md", "deleting"),
            document(16, "https://a.example/page.html", "ready"),
            document(17, "ticket-17", "ready"),
            document(18, ".hidden/a.md", "ready"),
            {"id": Uuid::from_u128(19), "external_id": null, "state": "ready"},
        ]);
        let (missing, lines) = tidied(listed.clone(), Deletion::Careful).await;
        let deleted = |id: u128| format!("DELETE /v1/documents/{}", Uuid::from_u128(id));
        assert_eq!(lines, [deleted(11), deleted(12)]);
        assert_eq!(
            missing.text(),
            "deleted  gone.md: its file is gone\ndeleted  sub/gone.pdf: its file is gone\n2 of 5 documents deleted\n"
        );
        let (missing, lines) = tidied(listed, Deletion::DryRun).await;
        assert!(lines.is_empty(), "{lines:?}");
        assert!(
            missing.text().ends_with("2 of 5 documents would be deleted\n"),
            "{missing:?}"
        );
    }

    #[tokio::test]
    async fn after_failures_nothing_is_deleted() {
        let all = [document(10, "a.md", "ready"), document(11, "gone.md", "ready")];
        let (missing, lines) = tidied(json!(all), Deletion::AfterFailures).await;
        assert!(lines.is_empty(), "{lines:?}");
        assert!(missing.after_failures && !missing.more_than_half, "{missing:?}");
        let text = missing.text();
        assert!(
            text.starts_with("missing  gone.md") && text.contains("--force"),
            "{text}"
        );
        let (nothing, _) = tidied(json!([document(10, "a.md", "ready")]), Deletion::AfterFailures).await;
        assert_eq!(nothing.text(), "0 of 1 document deleted\n");
    }

    #[tokio::test]
    async fn more_than_half_is_deleted_by_force_only() {
        let listed = |more: Option<Value>| -> Value {
            let these = [document(10, "a.md", "ready"), document(11, "b.md", "ready")];
            these.into_iter().chain(more).collect()
        };
        let more = || listed(Some(document(13, "c.md", "ready")));
        let (half, lines) = tidied(listed(None), Deletion::Careful).await;
        assert_eq!((half.more_than_half, lines.len()), (false, 1));
        for deletion in [Deletion::Careful, Deletion::DryRun] {
            let (held, lines) = tidied(more(), deletion).await;
            assert!(held.more_than_half && lines.is_empty(), "{held:?} {lines:?}");
            assert!(held.text().contains("missing  b.md") && held.text().ends_with("--force\n"));
        }
        let (forced, lines) = tidied(more(), Deletion::Forced).await;
        assert_eq!((forced.more_than_half, lines.len()), (false, 2));
    }
}
