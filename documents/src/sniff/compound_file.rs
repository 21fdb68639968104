use super::Said;
use crate::{Format, ParseError};

/// Of a compound file ([MS-CFB]), which Office used before 2007 and uses for what is encrypted.
pub(super) const SIGNATURE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// A directory entry: 64 bytes of name in UTF-16, the length of the name in bytes, the kind of the object.
const ENTRY_BYTES: usize = 128;

/// What the file is, by the names of its streams.
pub(super) fn format(bytes: &[u8], said: &Said<'_>) -> Result<Format, ParseError> {
    let has = |name| has_stream(bytes, name);
    let unsupported = |what, instead| Err(ParseError::Unsupported { what, instead });
    match () {
        () if has("EncryptedPackage") || has("EncryptionInfo") => Err(ParseError::Encrypted {
            format: match said.format() {
                Some(Format::Docx) => "Word document",
                Some(Format::Pptx) => "PowerPoint presentation",
                Some(Format::Spreadsheet) => "workbook",
                _ => "Office document",
            },
        }),
        () if has("WordDocument") => unsupported(
            "a Word document of before 2007 (.doc)",
            "Save it as .docx and send it again.",
        ),
        () if has("PowerPoint Document") => unsupported(
            "a PowerPoint presentation of before 2007 (.ppt)",
            "Save it as .pptx and send it again.",
        ),
        () if has("Workbook") || has("Book") => Ok(Format::Spreadsheet),
        () if has("__properties_version1.0") || has("__nameid_version1.0") => {
            unsupported("an Outlook message (.msg)", "Save it as .eml and send it again.")
        }
        () if has("VisioDocument") => unsupported("a Visio drawing", "Export it as PDF and send that."),
        () => unsupported(
            "a compound file of a program that is not known",
            "Save it in a format that is read, such as PDF, and send that.",
        ),
    }
}

/// Whether a stream or storage of this name is in the file. Looks at every place where a directory entry may stand, since the chain of the
/// directory's sectors may be anywhere.
fn has_stream(bytes: &[u8], name: &str) -> bool {
    let utf16: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = u16::try_from(utf16.len() + 2).unwrap_or(u16::MAX).to_le_bytes();
    bytes.chunks_exact(ENTRY_BYTES).any(|entry| {
        let (Some(of_name), Some(kind)) = (entry.get(64..66), entry.get(66)) else {
            return false;
        };
        entry.starts_with(&utf16) && of_name == length && matches!(kind, 1 | 2 | 5)
    })
}
