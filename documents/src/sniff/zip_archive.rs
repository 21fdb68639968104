use super::Said;
use crate::{Format, ParseError};

pub(super) const SIGNATURE: &[u8] = b"PK\x03\x04";
/// An archive without files is its end record alone.
pub(super) const EMPTY_SIGNATURE: &[u8] = END;

// The names of APPNOTE.TXT, the specification of PKWARE.
const ENTRY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const ENTRY_BYTES: usize = 46;
const END_BYTES: usize = 22;
/// No office file has as many.
const MAX_ENTRIES: usize = 100_000;

/// What the archive is, by the names of its files: nothing is unpacked.
pub(super) fn format(bytes: &[u8], said: &Said<'_>) -> Result<Format, ParseError> {
    if let Some(kind) = declared_kind(bytes) {
        return open_document(&kind);
    }
    let Some(names) = names(bytes) else {
        return Err(ParseError::Damaged {
            format: called(said),
            reason: "the list of its files is missing at its end, as if it was cut off".to_owned(),
        });
    };
    let has = |folder: &str| names.iter().any(|name| name.starts_with(folder));
    let has_types = names
        .iter()
        .any(|name| name.eq_ignore_ascii_case("[content_types].xml"));
    match () {
        () if has("word/") && has_types => Ok(Format::Docx),
        () if has("ppt/") && has_types => Ok(Format::Pptx),
        () if has("xl/") && has_types => Ok(Format::Spreadsheet),
        () if has("content.xml") && has("META-INF/manifest.xml") && said.format() == Some(Format::Spreadsheet) => {
            Ok(Format::Spreadsheet)
        }
        () if has("content.xml")
            && has("META-INF/manifest.xml")
            && let Some(format @ (Format::Odt | Format::Odp)) = said.format() =>
        {
            Ok(format)
        }
        () if has("META-INF/container.xml") && names.iter().any(|name| name.ends_with(".opf")) => Ok(Format::Epub),
        () if has("Index/Document.iwa") || has("index.apxl") => Err(ParseError::Unsupported {
            what: "an iWork document (Pages, Numbers or Keynote)",
            instead: "Export it as PDF and send that.",
        }),
        () if has("visio/") => Err(ParseError::Unsupported {
            what: "a Visio drawing",
            instead: "Export it as PDF and send that.",
        }),
        () => Err(ParseError::Unsupported {
            what: "a ZIP archive",
            instead: "Unpack it and send the files in it.",
        }),
    }
}

/// The media type that OpenDocument and EPUB files name in their first entry, `mimetype`, which is stored as it is.
fn declared_kind(bytes: &[u8]) -> Option<String> {
    let name = bytes.get(30..38)?;
    if name != b"mimetype" || u16_at(bytes, 26)? != 8 || u16_at(bytes, 8)? != 0 {
        return None;
    }
    let start = 38 + usize::from(u16_at(bytes, 28)?);
    let text = bytes.get(start..)?;
    let is_type = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/.+-".contains(byte);
    // The next entry's signature begins with a letter too.
    let text: Vec<u8> = text.iter().take(100).take_while(is_type).copied().collect();
    let text = String::from_utf8(text).ok()?;
    Some(text.strip_suffix("PK").unwrap_or(&text).to_ascii_lowercase())
}

fn open_document(kind: &str) -> Result<Format, ParseError> {
    let (what, instead) = match kind {
        kind if kind.starts_with("application/vnd.oasis.opendocument.spreadsheet") => return Ok(Format::Spreadsheet),
        kind if kind.starts_with("application/vnd.oasis.opendocument.text") => return Ok(Format::Odt),
        kind if kind.starts_with("application/vnd.oasis.opendocument.presentation") => return Ok(Format::Odp),
        "application/epub+zip" => return Ok(Format::Epub),
        _ => (
            "an OpenDocument file of a kind that is not read",
            "Export it as PDF and send that.",
        ),
    };
    Err(ParseError::Unsupported { what, instead })
}

/// What to call an archive that cannot be looked into.
fn called(said: &Said<'_>) -> &'static str {
    match said.format() {
        Some(Format::Docx) => "Word document",
        Some(Format::Pptx) => "PowerPoint presentation",
        Some(Format::Spreadsheet) => "spreadsheet",
        Some(Format::Odt) => "OpenDocument text",
        Some(Format::Odp) => "OpenDocument presentation",
        Some(Format::Epub) => "EPUB book",
        _ => "ZIP archive",
    }
}

/// The names in the archive's central directory; `None` without one.
fn names(bytes: &[u8]) -> Option<Vec<String>> {
    // A comment of up to 65,535 bytes may follow the end record.
    let from = bytes.len().saturating_sub(END_BYTES + 65_535);
    let tail = bytes.get(from..)?;
    let end = from + tail.windows(END.len()).rposition(|window| window == END)?;
    // A directory ends where its end record begins, or that of ZIP64: what stands before the archive does not matter then.
    let declared = usize::try_from(u32_at(bytes, end + 16)?).ok()?;
    let size = usize::try_from(u32_at(bytes, end + 12)?).ok()?;
    let starts = [Some(declared), end.checked_sub(size)];
    let is_entry = |at: &usize| bytes.get(*at..).is_some_and(|rest| rest.starts_with(ENTRY));
    let mut at = starts
        .into_iter()
        .flatten()
        .find(is_entry)
        .or_else(|| first_entry(bytes))?;
    let mut names = Vec::new();
    while is_entry(&at) && names.len() < MAX_ENTRIES {
        let length = usize::from(u16_at(bytes, at + 28)?);
        let name = bytes.get(at + ENTRY_BYTES..)?.get(..length)?;
        names.push(String::from_utf8_lossy(name).replace('\\', "/"));
        at += ENTRY_BYTES + length + usize::from(u16_at(bytes, at + 30)?) + usize::from(u16_at(bytes, at + 32)?);
    }
    Some(names)
}

/// Where the directory of a ZIP64 archive begins, whose end record is full of ones.
fn first_entry(bytes: &[u8]) -> Option<usize> {
    bytes.windows(ENTRY.len()).position(|window| window == ENTRY)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..)?.get(..2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..)?.get(..4)?.try_into().ok()?))
}
