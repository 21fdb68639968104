use super::media_type::essence;
use crate::document_types::{MEDIA_TYPES, UNTOLD, media_type_of_file};
use crate::{Problem, ProblemCode};
use encoding_rs::{Encoding, UTF_8};

/// What a document is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DocumentType {
    /// One that can be ingested, or [`UNTOLD`].
    pub(super) media_type: &'static str,
    /// The encoding that the media type names.
    pub(super) charset: Option<&'static Encoding>,
}

/// What a text is judged as whose media type is wrong too.
pub(super) const ANY_TEXT: DocumentType = DocumentType {
    media_type: "text/plain",
    charset: None,
};

/// How much of a document's bytes can be judged before it is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Text in UTF-8, UTF-16, UTF-32 or the encoding that the media type names.
    Unicode,
    /// Text in these, or in an encoding that nothing names, or that a page names itself: the worker finds it out.
    Text,
    /// Anything: what it is, and whether it is whole, the worker finds out.
    Bytes,
}

impl DocumentType {
    pub(super) fn content(self) -> Content {
        match self.media_type {
            "application/json" | "text/json" | "application/jsonl" | "application/x-ndjson" => Content::Unicode,
            "text/csv" | "text/tab-separated-values" => Content::Bytes,
            "application/xhtml+xml" => Content::Text,
            text if text.starts_with("text/") => Content::Text,
            _ => Content::Bytes,
        }
    }

    /// The media type as it is kept: with its charset, where that is not UTF-8.
    pub(super) fn kept(self) -> String {
        match self.charset.filter(|charset| *charset != UTF_8) {
            Some(charset) => format!("{}; charset={}", self.media_type, charset.name().to_ascii_lowercase()),
            None => self.media_type.to_owned(),
        }
    }
}

/// What a file is, from what the client says it is, or from the file's name where it says nothing. A file of which neither says anything is
/// accepted: its bytes will tell.
///
/// # Errors
/// [`ProblemCode::UnsupportedMediaType`], naming what is supported.
pub(super) fn type_of_file(said: Option<&str>, file_name: Option<&str>) -> Result<DocumentType, Problem> {
    let text = said.unwrap_or_default();
    let essence = essence(text);
    let media_type = if essence.is_empty() || essence == UNTOLD {
        file_name.and_then(media_type_of_file).unwrap_or(UNTOLD)
    } else {
        known(&essence)
            .ok_or_else(|| unsupported(&essence, "Supported are", &mut MEDIA_TYPES.iter().map(|known| known.0)))?
    };
    Ok(DocumentType {
        media_type,
        charset: charset(text),
    })
}

/// What a text is that was sent as a JSON string, and so is Unicode whatever charset is named.
///
/// # Errors
/// [`ProblemCode::UnsupportedMediaType`]: also for a format whose files are not text.
pub(super) fn type_of_text(said: &str) -> Result<DocumentType, Problem> {
    let essence = essence(said);
    let is_text = |media_type: &&str| MEDIA_TYPES.iter().any(|(known, text)| known == media_type && *text);
    let media_type = known(&essence).filter(is_text).ok_or_else(|| {
        let mut texts = MEDIA_TYPES.iter().filter(|known| known.1).map(|known| known.0);
        let why = if known(&essence).is_some() {
            "As JSON, which holds text only: send its file as multipart/form-data. Supported are"
        } else {
            "Supported in JSON are"
        };
        unsupported(&essence, why, &mut texts)
    })?;
    Ok(DocumentType {
        media_type,
        charset: Some(UTF_8),
    })
}

fn known(essence: &str) -> Option<&'static str> {
    MEDIA_TYPES
        .iter()
        .map(|(media_type, _)| *media_type)
        .find(|media_type| *media_type == essence)
}

fn unsupported(essence: &str, why: &str, supported: &mut dyn Iterator<Item = &'static str>) -> Problem {
    let what: String = essence.chars().take(100).collect();
    let supported = supported.collect::<Vec<_>>().join(", ");
    Problem::new(
        ProblemCode::UnsupportedMediaType,
        format!("`{what}` cannot be ingested. {why} {supported}."),
    )
}

/// The encoding that the `charset` parameter names; one that is not known is taken for none.
fn charset(said: &str) -> Option<&'static Encoding> {
    said.split(';').skip(1).find_map(|parameter| {
        let (name, label) = parameter.split_once('=')?;
        let label = label.trim().trim_matches('"');
        let named = name.trim().eq_ignore_ascii_case("charset");
        named.then(|| Encoding::for_label(label.as_bytes())).flatten()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn file(said: Option<&str>, name: Option<&str>) -> String {
        type_of_file(said, name).unwrap().kept()
    }

    #[test]
    fn a_media_type_counts_more_than_a_name() {
        assert_eq!(file(Some("Text/HTML; charset=utf-8"), Some("a.md")), "text/html");
        assert_eq!(file(Some("application/pdf"), Some("a.md")), "application/pdf");
        assert_eq!(file(Some("application/octet-stream"), Some("A.MDX")), "text/mdx");
        for name in [
            "notes.txt",
            "notes.text",
            "guide.rst",
            "guide.adoc",
            "guide.asciidoc",
            "notes.ORG",
        ] {
            assert_eq!(file(None, Some(name)), "text/plain", "{name}");
        }
    }

    #[test]
    fn what_says_nothing_is_left_to_its_bytes() {
        for (said, name) in [(None, None), (None, Some("a.exe")), (Some(UNTOLD), Some("md"))] {
            assert_eq!(file(said, name), UNTOLD);
        }
    }

    #[test]
    fn a_charset_is_kept_where_it_matters() {
        assert_eq!(
            file(Some("text/plain; format=flowed; charset=\"Latin1\""), None),
            "text/plain; charset=windows-1252"
        );
        assert_eq!(file(Some("text/plain; charset=klingon"), None), "text/plain");
        assert_eq!(type_of_text("text/plain; charset=latin1").unwrap().kept(), "text/plain");
    }

    #[test]
    fn what_cannot_be_ingested_is_refused() {
        for said in ["image/tiff", "application/zip", "nonsense"] {
            let problem = type_of_file(Some(said), Some("a.md")).unwrap_err();
            assert_eq!(problem.code(), ProblemCode::UnsupportedMediaType);
        }
        for said in [
            "application/pdf",
            "application/octet-stream",
            "image/png",
            "image/tiff",
            "",
        ] {
            assert_eq!(
                type_of_text(said).unwrap_err().code(),
                ProblemCode::UnsupportedMediaType
            );
        }
    }
}
