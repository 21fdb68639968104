//! Which files under the given paths are documents.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::documents::{Content, NewDocument};
use super::format::{mime_type, not_ingested};
use crate::outcome::Advised;
use crate::render::one_line;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Collection {
    pub(crate) documents: Vec<NewDocument>,
    /// Files of folders that are no documents.
    pub(crate) skipped: Vec<Skipped>,
    /// Files that were given by themselves, so that somebody wants them, and are no documents.
    pub(crate) refused: Vec<Skipped>,
}

/// A file that is not sent, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Skipped {
    pub(crate) path: String,
    pub(crate) reason: String,
    /// What it is counted as: `.xml`, `a link to nothing`.
    #[serde(skip)]
    pub(crate) group: String,
}

/// Why a file is not sent.
struct Reason {
    group: String,
    text: String,
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        let (group, text) = (text.to_owned(), text.to_owned());
        Self { group, text }
    }
}

/// One line for all that was left out: what, and how many of each, the most first. Nothing where nothing was.
pub(crate) fn skipped_text(skipped: &[Skipped]) -> String {
    if skipped.is_empty() {
        return String::new();
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for file in skipped {
        *counts.entry(&file.group).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let counts: Vec<String> = counts.iter().map(|(group, count)| format!("{count} {group}")).collect();
    format!(
        "{} skipped: {}; --verbose lists them\n",
        skipped.len(),
        one_line(&counts.join(", "), 1000)
    )
}

/// What becomes of the pictures in a folder. Folders of documents hold those that the documents show, which few bases can embed and which are
/// paid by the pixel, so that somebody has to want them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pictures {
    Skip,
    Send,
}

/// Finds the documents under `paths`, in order of their names. The external id of a document is its path relative to
/// the given one, with `/` between the parts; a file given by itself has its name.
///
/// Hidden files and folders are left out without a word, and pictures of a folder, unless wanted, with one. Links are followed to files inside the given folder only;
/// linked folders are not entered: their files are found where they really are.
///
/// # Errors
/// A path that does not exist or cannot be listed, or two files with the same external id, of which one would replace
/// the other.
pub(crate) fn collect(paths: &[PathBuf], pictures: Pictures) -> anyhow::Result<Collection> {
    let mut found = Collection::default();
    for path in paths {
        let root = path
            .canonicalize()
            .with_context(|| format!("cannot open {}", path.display()))?;
        if root.is_dir() {
            walk(&root, pictures, &mut found).with_context(|| format!("cannot list {}", path.display()))?;
        } else {
            let name = path.file_name().or(root.file_name()).unwrap_or_default();
            match as_document(&root, Path::new(name)) {
                Ok(document) => found.documents.push(document),
                Err(reason) => found.refused.push(Skipped::new(path, reason)),
            }
        }
    }
    refuse_equal_ids(&found.documents)?;
    Ok(found)
}

fn walk(root: &Path, pictures: Pictures, found: &mut Collection) -> io::Result<()> {
    let mut folders = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let kind = fs::symlink_metadata(&path)?.file_type();
            if is_hidden(&path) {
                continue;
            }
            if kind.is_dir() {
                folders.push(path)
            } else {
                files.push((path, kind))
            }
        }
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (path, kind) in files {
        let Ok(relative) = path.strip_prefix(root) else {
            continue;
        };
        let document = match why_skipped(root, &path, kind, pictures) {
            Some(reason) => Err(reason.into()),
            None => as_document(&path, relative),
        };
        match document {
            Ok(document) => found.documents.push(document),
            Err(reason) => found.skipped.push(Skipped::new(relative, reason)),
        }
    }
    Ok(())
}

const PICTURE: &str = "a picture (--pictures sends those of folders too)";

/// Why a file of a folder is not sent, if it is not.
fn why_skipped(root: &Path, path: &Path, kind: FileType, pictures: Pictures) -> Option<&'static str> {
    if kind.is_symlink() {
        refuse_link(root, path)
    } else if !kind.is_file() {
        Some("not a regular file")
    } else {
        None
    }
    .or_else(|| {
        let left_out = pictures == Pictures::Skip && is_picture(path);
        left_out.then_some(PICTURE)
    })
}

fn is_picture(path: &Path) -> bool {
    mime_type(path).is_some_and(|mime_type| mime_type.starts_with("image/"))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Why a link is not followed, if it is not.
fn refuse_link(root: &Path, link: &Path) -> Option<&'static str> {
    let Ok(target) = link.canonicalize() else {
        return Some("a link to nothing");
    };
    let Ok(inside) = target.strip_prefix(root) else {
        return Some("a link out of the given folder");
    };
    if inside.ancestors().any(is_hidden) {
        return Some("a link to a hidden file");
    }
    if target.is_dir() {
        return Some("a link to a folder");
    }
    None
}

impl Skipped {
    fn new(path: &Path, reason: Reason) -> Self {
        Self {
            path: path.to_string_lossy().into_owned(),
            reason: reason.text,
            group: reason.group,
        }
    }
}

/// The document that goes by the relative path, or why the file is none.
fn as_document(path: &Path, relative: &Path) -> Result<NewDocument, Reason> {
    let name = relative.to_str().ok_or("its name is not UTF-8")?;
    let mime_type = mime_type(path).ok_or_else(|| {
        let (group, text) = not_ingested(path);
        Reason { group, text }
    })?;
    let content = Content::File {
        path: path.to_owned(),
        mime_type,
        charset: None,
    };
    Ok(NewDocument {
        external_id: name.replace(std::path::MAIN_SEPARATOR, "/"),
        content,
    })
}

fn refuse_equal_ids(documents: &[NewDocument]) -> Result<(), Advised> {
    let mut seen = HashMap::new();
    for document in documents {
        let Content::File { path, .. } = &document.content else {
            continue;
        };
        if let Some(first) = seen.insert(&document.external_id, path) {
            return Err(Advised::new(
                format!(
                    "{} and {} would both be {:?}, and one would replace the other",
                    first.display(),
                    path.display(),
                    document.external_id
                ),
                "give a folder that holds both, or ingest them into two knowledge bases",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::TempDir;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    fn ids(found: &Collection) -> Vec<&str> {
        found
            .documents
            .iter()
            .map(|document| document.external_id.as_str())
            .collect()
    }

    fn reasons(found: &Collection) -> Vec<(&str, &str)> {
        found
            .skipped
            .iter()
            .map(|skipped| (skipped.path.as_str(), skipped.reason.as_str()))
            .collect()
    }

    #[test]
    fn documents_are_found_in_all_folders_and_others_skipped_with_a_reason() {
        let dir = TempDir::new();
        for name in [
            "b.md",
            "a/x.MDX",
            "a/b/y.htm",
            "z.txt",
            "a/guide.rst",
            "a/logo.png",
            "Makefile",
            ".env.md",
            ".git/c.md",
        ] {
            dir.write(name, "text");
        }
        let found = collect(&[dir.path().to_owned()], Pictures::Skip).unwrap();
        assert_eq!(ids(&found), ["a/b/y.htm", "a/guide.rst", "a/x.MDX", "b.md", "z.txt"]);
        let reason = "its name has no ending that says what it is; docs/API.md lists those that are read";
        assert_eq!(reasons(&found), [("Makefile", reason), ("a/logo.png", PICTURE)]);
        let found = collect(&[dir.path().to_owned()], Pictures::Send).unwrap();
        let with_picture = ["a/b/y.htm", "a/guide.rst", "a/logo.png", "a/x.MDX", "b.md", "z.txt"];
        assert_eq!(ids(&found), with_picture);
        assert_eq!(reasons(&found), [("Makefile", reason)]);
    }

    #[test]
    fn what_is_skipped_is_counted_by_ending_with_what_to_do_about_it() {
        let dir = TempDir::new();
        for name in [
            "a.xml", "b.XML", "c/d.xml", "old.doc", "old2.doc", "LICENSE", "page.md", "p.png",
        ] {
            dir.write(name, "text");
        }
        let found = collect(&[dir.path().to_owned()], Pictures::Skip).unwrap();
        assert_eq!(
            skipped_text(&found.skipped),
            "7 skipped: 3 .xml, 2 .doc (save it as .docx), 1 a picture (--pictures sends those of folders too), \
             1 without an ending; --verbose lists them\n"
        );
        assert_eq!(skipped_text(&[]), "");
    }

    #[test]
    fn links_lead_to_files_of_the_same_folder_only() {
        let (dir, outside) = (TempDir::new(), TempDir::new());
        let (real, secret) = (dir.write("real.md", "text"), outside.write("secret.md", "text"));
        let hidden = dir.write(".hidden/h.md", "text");
        let links = [("l1.md", &real), ("l2.md", &secret), ("l3.md", &hidden)];
        for (name, target) in links {
            symlink(target, dir.path().join(name)).unwrap();
        }
        symlink(dir.path().join("gone"), dir.path().join("l4.md")).unwrap();
        symlink(dir.path(), dir.path().join("loop")).unwrap();
        let found = collect(&[dir.path().to_owned()], Pictures::Skip).unwrap();
        assert_eq!(ids(&found), ["l1.md", "real.md"]);
        assert_eq!(
            reasons(&found),
            [
                ("l2.md", "a link out of the given folder"),
                ("l3.md", "a link to a hidden file"),
                ("l4.md", "a link to nothing"),
                ("loop", "a link to a folder"),
            ]
        );
    }

    #[test]
    fn a_file_given_by_itself_has_its_name_even_when_hidden() {
        let dir = TempDir::new();
        let found = collect(&[dir.write("deep/down/.page.md", "text")], Pictures::Skip).unwrap();
        assert_eq!(ids(&found), [".page.md"]);
        let found = collect(&[dir.write("deep/logo.png", "picture")], Pictures::Skip).unwrap();
        assert_eq!(ids(&found), ["logo.png"]);
    }

    #[test]
    fn a_file_given_by_itself_that_is_no_document_is_refused_not_skipped() {
        let dir = TempDir::new();
        let path = dir.write("contract.pages", "text");
        let found = collect(std::slice::from_ref(&path), Pictures::Skip).unwrap();
        assert_eq!(reasons(&found), []);
        let refused: Vec<&str> = found.refused.iter().map(|file| file.reason.as_str()).collect();
        assert_eq!(
            refused,
            ["a Pages document (.pages), which is not read: export it as PDF"]
        );
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_skipped() {
        let dir = TempDir::new();
        std::fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"a\xff.md")), "text").unwrap();
        let found = collect(&[dir.path().to_owned()], Pictures::Skip).unwrap();
        assert_eq!(reasons(&found), [("a\u{fffd}.md", "its name is not UTF-8")]);
    }

    #[test]
    fn two_files_with_the_same_id_are_refused() {
        let (a, b) = (TempDir::new(), TempDir::new());
        a.write("index.md", "a");
        b.write("index.md", "b");
        let error = collect(&[a.path().to_owned(), b.path().to_owned()], Pictures::Skip).unwrap_err();
        assert!(error.to_string().contains("would both be \"index.md\""));
    }

    #[test]
    fn a_path_that_is_not_there_is_named() {
        assert!(
            format!("{:#}", collect(&["/no/such/path".into()], Pictures::Skip).unwrap_err()).contains("/no/such/path")
        );
    }
}
