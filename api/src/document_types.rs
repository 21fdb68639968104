//! What can be ingested, by media type and by file name, and what a page says of its encoding. The workers read the same: a test compares the two.
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Says nothing of a file but that it is one: its bytes decide.
pub const UNTOLD: &str = "application/octet-stream";

/// What can be ingested, and whether its files are text, which JSON can hold.
pub const MEDIA_TYPES: &[(&str, bool)] = &[
    ("text/markdown", true),
    ("text/x-markdown", true),
    ("text/mdx", true),
    ("text/html", true),
    ("application/xhtml+xml", true),
    ("text/plain", true),
    ("text/csv", true),
    ("application/csv", true),
    ("text/tab-separated-values", true),
    ("application/json", true),
    ("text/json", true),
    ("application/x-ndjson", true),
    ("application/jsonl", true),
    ("message/rfc822", true),
    ("application/pdf", false),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        false,
    ),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
        false,
    ),
    ("application/vnd.ms-word.document.macroenabled.12", false),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        false,
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
        false,
    ),
    ("application/vnd.ms-powerpoint.presentation.macroenabled.12", false),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        false,
    ),
    ("application/vnd.ms-excel", false),
    ("application/vnd.ms-excel.sheet.macroenabled.12", false),
    ("application/vnd.ms-excel.sheet.binary.macroenabled.12", false),
    ("application/vnd.oasis.opendocument.spreadsheet", false),
    ("application/vnd.oasis.opendocument.text", false),
    ("application/vnd.oasis.opendocument.text-template", false),
    ("application/vnd.oasis.opendocument.text-flat-xml", false),
    ("application/vnd.oasis.opendocument.presentation", false),
    ("application/vnd.oasis.opendocument.presentation-template", false),
    ("application/vnd.oasis.opendocument.presentation-flat-xml", false),
    ("application/epub+zip", false),
    ("application/rtf", false),
    ("text/rtf", false),
    ("image/png", false),
    ("image/jpeg", false),
    ("image/gif", false),
    ("image/webp", false),
];

/// What a file is when its media type says nothing.
pub const EXTENSIONS: &[(&str, &str)] = &[
    ("md", "text/markdown"),
    ("markdown", "text/markdown"),
    ("mdx", "text/mdx"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("xhtml", "application/xhtml+xml"),
    ("txt", "text/plain"),
    ("text", "text/plain"),
    // With markup that is read as it stands.
    ("rst", "text/plain"),
    ("adoc", "text/plain"),
    ("asciidoc", "text/plain"),
    ("org", "text/plain"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("json", "application/json"),
    ("ndjson", "application/x-ndjson"),
    ("jsonl", "application/jsonl"),
    ("eml", "message/rfc822"),
    ("pdf", "application/pdf"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        "dotx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    ),
    ("docm", "application/vnd.ms-word.document.macroenabled.12"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    (
        "ppsx",
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
    ),
    ("pptm", "application/vnd.ms-powerpoint.presentation.macroenabled.12"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xls", "application/vnd.ms-excel"),
    ("xlsm", "application/vnd.ms-excel.sheet.macroenabled.12"),
    ("xlsb", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ott", "application/vnd.oasis.opendocument.text-template"),
    ("fodt", "application/vnd.oasis.opendocument.text-flat-xml"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("otp", "application/vnd.oasis.opendocument.presentation-template"),
    ("fodp", "application/vnd.oasis.opendocument.presentation-flat-xml"),
    ("epub", "application/epub+zip"),
    ("rtf", "application/rtf"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

/// The media type of a file with this name.
#[must_use]
pub fn media_type_of_file(file_name: &str) -> Option<&'static str> {
    let (_, extension) = file_name.trim().rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    let known = EXTENSIONS.iter().find(|(known, _)| *known == extension);
    known.map(|(_, media_type)| *media_type)
}

/// Whether the `charset` of a media type may name this encoding (WHATWG Encoding Standard, names and labels).
#[must_use]
pub fn is_charset(name: &str) -> bool {
    Encoding::for_label(name.as_bytes()).is_some()
}

/// Whether a web page says near its beginning that it is in another encoding than UTF-8 (HTML Standard, 13.2.3.2): in a `<meta>` tag, or else in its XML declaration. What says so in ASCII is not
/// UTF-16.
#[must_use]
pub fn declares_encoding(page: &[u8]) -> bool {
    let head = String::from_utf8_lossy(page.get(..1024).unwrap_or(page)).to_ascii_lowercase();
    let head = without_comments(&head);
    let in_meta = head.match_indices("<meta").find_map(|(at, name)| {
        let (tag, _) = head.get(at + name.len()..)?.split_once('>')?;
        let is_meta = tag.starts_with(|c: char| c == '/' || c.is_ascii_whitespace());
        is_meta.then(|| named(tag, "charset")).flatten()
    });
    let in_xml = || {
        let (declaration, _) = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
        named(declaration, "encoding")
    };
    let declared = in_meta.or_else(in_xml);
    declared.is_some_and(|encoding| ![UTF_8, UTF_16LE, UTF_16BE].contains(&encoding))
}

fn without_comments(head: &str) -> String {
    let mut parts = head.split("<!--");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once("-->").map_or("", |(_, after)| after));
    }
    text
}

/// The first encoding that is known of those that follow `name=`.
fn named(tag: &str, name: &str) -> Option<&'static Encoding> {
    tag.match_indices(name).find_map(|(at, name)| {
        let after = tag.get(at + name.len()..)?;
        let value = after.trim_start().strip_prefix('=')?.trim_start();
        let label = value.trim_start_matches(['"', '\'']);
        let end = label.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c));
        let label = end.and_then(|end| label.get(..end)).unwrap_or(label);
        Encoding::for_label_no_replacement(label.as_bytes())
    })
}
