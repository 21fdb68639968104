//! Which files the API takes, by their extension.

use std::path::Path;

use api::document_types::media_type_of_file;

/// What people have that is not read, by its ending, and what to do about it.
const INSTEAD: [(&str, &str, &str); 12] = [
    ("doc", "a Word document of before 2007", "save it as .docx"),
    ("ppt", "a PowerPoint presentation of before 2007", "save it as .pptx"),
    ("msg", "an Outlook message", "save it as .eml"),
    ("pst", "an Outlook mailbox", "export the messages as .eml"),
    ("mbox", "a mailbox", "export the messages as .eml"),
    ("pages", "a Pages document", "export it as PDF"),
    ("key", "a Keynote presentation", "export it as PDF"),
    ("numbers", "a Numbers spreadsheet", "export it as .xlsx"),
    ("tif", "a TIFF picture", "save it as PNG or JPEG"),
    ("tiff", "a TIFF picture", "save it as PNG or JPEG"),
    ("heic", "a HEIC picture", "save it as PNG or JPEG"),
    ("zip", "an archive", "unpack it"),
];

/// The MIME type to send for a file, or `None` for a format that is not ingested.
pub(crate) fn mime_type(path: &Path) -> Option<&'static str> {
    media_type_of_file(path.file_name()?.to_str()?)
}

/// What a file of another format is counted as, and why it is skipped.
pub(super) fn not_ingested(path: &Path) -> (String, String) {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .map(str::to_lowercase);
    let Some(ending) = ending else {
        let reason = "its name has no ending that says what it is; docs/API.md lists those that are read";
        return ("without an ending".to_owned(), reason.to_owned());
    };
    match INSTEAD.iter().find(|(known, ..)| *known == ending) {
        Some((_, what, instead)) => (
            format!(".{ending} ({instead})"),
            format!("{what} (.{ending}), which is not read: {instead}"),
        ),
        None => (
            format!(".{ending}"),
            format!("files that end in .{ending} are not read; docs/API.md lists those that are"),
        ),
    }
}
