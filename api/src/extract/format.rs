use super::media_type::essence;
use crate::{Problem, ProblemCode};

/// What can be ingested, by media type. The workers parse by the same names.
const MEDIA_TYPES: [&str; 6] = [
    "text/markdown",
    "text/x-markdown",
    "text/mdx",
    "text/html",
    "application/xhtml+xml",
    "text/plain",
];

/// What a file is when its media type says nothing.
const EXTENSIONS: [(&str, &str); 6] = [
    (".md", "text/markdown"),
    (".markdown", "text/markdown"),
    (".mdx", "text/mdx"),
    (".html", "text/html"),
    (".htm", "text/html"),
    (".txt", "text/plain"),
];

/// The media type of a document, from what the client says it is, or from the file's name where it says nothing.
///
/// # Errors
/// [`ProblemCode::UnsupportedMediaType`], naming what is supported.
pub(super) fn document_type(said: Option<&str>, file_name: Option<&str>) -> Result<&'static str, Problem> {
    let said = said.map(essence).unwrap_or_default();
    let found = if said.is_empty() || said == "application/octet-stream" {
        let name = file_name.unwrap_or("").to_ascii_lowercase();
        EXTENSIONS
            .into_iter()
            .find_map(|(extension, media_type)| name.ends_with(extension).then_some(media_type))
    } else {
        MEDIA_TYPES.into_iter().find(|known| *known == said)
    };
    found.ok_or_else(|| {
        let what = if said.is_empty() {
            "This file".to_owned()
        } else {
            format!("`{}`", said.chars().take(100).collect::<String>())
        };
        let supported = MEDIA_TYPES.join(", ");
        Problem::new(
            ProblemCode::UnsupportedMediaType,
            format!("{what} cannot be ingested. Supported are {supported}."),
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_media_type_counts_more_than_a_name() {
        assert_eq!(
            document_type(Some("Text/HTML; charset=utf-8"), Some("a.md")).unwrap(),
            "text/html"
        );
        assert_eq!(
            document_type(Some("application/octet-stream"), Some("A.MDX")).unwrap(),
            "text/mdx"
        );
        assert_eq!(document_type(None, Some("notes.txt")).unwrap(), "text/plain");
    }

    #[test]
    fn what_cannot_be_ingested_is_refused() {
        for (said, name) in [
            (Some("application/pdf"), Some("a.md")),
            (None, Some("a.pdf")),
            (None, None),
            (Some("application/octet-stream"), Some("md")),
        ] {
            assert_eq!(
                document_type(said, name).unwrap_err().code(),
                ProblemCode::UnsupportedMediaType
            );
        }
    }
}
