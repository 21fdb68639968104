//! The documents of the demonstration: the help centre and the project's own documentation.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::ingest::{Content, NewDocument, Pictures, collect};
use crate::outcome::Advised;

/// The documents; the external id of each starts with the name of its folder: `help-centre/refunds.md`.
pub(crate) struct Sources {
    pub(crate) documents: Vec<NewDocument>,
}

impl Sources {
    /// Finds the documents of `{samples}/help-centre` and `docs`. A missing `docs` is no error: the help centre alone
    /// answers the questions.
    ///
    /// # Errors
    /// The help centre is missing.
    pub(crate) fn find(samples: &Path, docs: &Path) -> anyhow::Result<Self> {
        let help_centre = samples.join("help-centre");
        if !help_centre.is_dir() {
            let help = "run it from the root of a checkout, or name the folder with --samples";
            return Err(Advised::new(format!("{} is not there", help_centre.display()), help).into());
        }
        let mut documents = Vec::new();
        for (name, folder) in [("help-centre", help_centre), ("docs", docs.to_owned())] {
            if folder.is_dir() {
                let found = collect(&[folder], Pictures::Skip)?.documents.into_iter();
                documents.extend(found.map(|document| NewDocument {
                    external_id: format!("{name}/{}", document.external_id),
                    content: document.content,
                }));
            }
        }
        Ok(Self { documents })
    }

    /// The text of the document with this external id, or the end of one.
    ///
    /// # Errors
    /// There is no such document, or it cannot be read.
    pub(crate) fn text_of(&self, name: &str) -> anyhow::Result<String> {
        let found = self
            .documents
            .iter()
            .find(|document| is_document(&document.external_id, name));
        let path: &PathBuf = match found.map(|document| &document.content) {
            Some(Content::File { path, .. }) => path,
            _ => anyhow::bail!("no sample document is named {name}"),
        };
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// Whether an external id is the named document: the whole of it, or whole parts at its end.
pub(crate) fn is_document(external_id: &str, name: &str) -> bool {
    let name = name.trim_start_matches("samples/");
    external_id == name
        || external_id
            .strip_suffix(name)
            .is_some_and(|before| before.ends_with('/'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::TempDir;

    #[test]
    fn documents_are_named_by_their_folder_and_found_by_the_end_of_their_name() {
        let dir = TempDir::new();
        dir.write("samples/help-centre/refunds.md", "30 days");
        dir.write("docs/refunds.md", "other");
        let sources = Sources::find(&dir.path().join("samples"), &dir.path().join("docs")).unwrap();
        let ids: Vec<&str> = sources
            .documents
            .iter()
            .map(|document| document.external_id.as_str())
            .collect();
        assert_eq!(ids, ["help-centre/refunds.md", "docs/refunds.md"]);
        assert_eq!(sources.text_of("refunds.md").unwrap(), "30 days");
        assert_eq!(sources.text_of("docs/refunds.md").unwrap(), "other");
        assert_eq!(sources.text_of("samples/help-centre/refunds.md").unwrap(), "30 days");
        assert!(sources.text_of("funds.md").is_err());
    }

    #[test]
    fn a_missing_help_centre_says_where_to_run() {
        let dir = TempDir::new();
        let error = Sources::find(dir.path(), dir.path()).map(|_| ()).unwrap_err();
        assert!(error.downcast_ref::<Advised>().unwrap().help.contains("--samples"));
    }
}
