//! Which files the API takes, by their extension.

use std::path::Path;

use api::document_types::{EXTENSIONS, media_type_of_file};

/// The MIME type to send for a file, or `None` for a format that is not ingested.
pub(crate) fn mime_type(path: &Path) -> Option<&'static str> {
    media_type_of_file(path.file_name()?.to_str()?)
}

/// Why a file of another format is skipped.
pub(crate) fn not_ingested() -> String {
    let extensions: Vec<&str> = EXTENSIONS.iter().map(|(extension, _)| *extension).collect();
    format!("not one of {}", extensions.join(", "))
}
