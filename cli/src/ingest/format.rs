//! Which files the API takes, by their extension.

use std::path::Path;

/// The MIME type to send for a file, or `None` for a format that is not ingested.
pub(crate) fn mime_type(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "md" | "markdown" => Some("text/markdown"),
        "mdx" => Some("text/mdx"),
        "html" | "htm" => Some("text/html"),
        "txt" => Some("text/plain"),
        _ => None,
    }
}
