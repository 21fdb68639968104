use super::text::is_binary;
use crate::{Format, ParseError};

const TEXT: &str = "Send a document with text.";
const PICTURE: &str = "Save it as PNG or JPEG and send that, or run text recognition (OCR) over it and send the text.";
const SPOKEN: &str = "Send a transcript.";
const UNPACK: &str = "Unpack it and send the files in it.";

/// Where the bytes are, what they are, what the file is then, and what to send instead.
type Signature = (usize, &'static [u8], &'static str, &'static str);

/// Long enough to be no text's beginning. After the list of file(1).
const CERTAIN: &[Signature] = &[
    (0, b"II*\0", "a TIFF picture", PICTURE),
    (0, b"MM\0*", "a TIFF picture", PICTURE),
    (8, b"WAVE", "a sound recording (WAV)", SPOKEN),
    (8, b"AVI ", "a film (AVI)", SPOKEN),
    (4, b"ftyphei", "a HEIC picture", PICTURE),
    (4, b"ftypmif1", "a HEIC picture", PICTURE),
    (4, b"ftypavif", "an AVIF picture", PICTURE),
    (4, b"ftyp", "a film or sound recording (MP4)", SPOKEN),
    (0, b"\x1aE\xdf\xa3", "a film (Matroska or WebM)", SPOKEN),
    (0, b"OggS", "a sound recording (Ogg)", SPOKEN),
    (0, b"fLaC", "a sound recording (FLAC)", SPOKEN),
    (0, b"ID3", "a sound recording (MP3)", SPOKEN),
    (0, b"\x1f\x8b\x08", "a gzip archive", UNPACK),
    (0, b"BZh", "a bzip2 archive", UNPACK),
    (0, b"\xfd7zXZ\0", "an xz archive", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"\x7fELF", "a program", TEXT),
    (0, b"\xcf\xfa\xed\xfe", "a program", TEXT),
    (0, b"\xca\xfe\xba\xbe", "a program", TEXT),
    (0, b"\0asm", "a program", TEXT),
    (
        0,
        b"SQLite format 3\0",
        "an SQLite database",
        "Export it as CSV and send that.",
    ),
    (0, b"PAR1", "a Parquet file", "Export it as CSV and send that."),
    (0, b"wOFF", "a font", TEXT),
    (0, b"wOF2", "a font", TEXT),
    (0, b"%!PS", "a PostScript file", "Convert it to PDF and send that."),
    (
        0,
        b"!BDN",
        "an Outlook mailbox (.pst)",
        "Export the messages as .eml and send them.",
    ),
];

/// Short ones, which a text may begin with too.
const IN_BINARY: &[Signature] = &[
    (0, b"MZ", "a program", TEXT),
    (0, b"BM", "a BMP picture", PICTURE),
    (0, b"\xff\xfb", "a sound recording (MP3)", SPOKEN),
];

/// What the file is, if it is something that we know by its first bytes and do not read.
pub(super) fn unsupported(bytes: &[u8]) -> Option<ParseError> {
    let is = |signature: &&Signature| {
        bytes
            .get(signature.0..)
            .is_some_and(|rest| rest.starts_with(signature.1))
    };
    let binary = is_binary(bytes);
    // The words of a text may stand where a signature would: these are followed by what no text holds.
    let certain = CERTAIN
        .iter()
        .filter(|signature| binary || !signature.1.is_ascii() || is_markup(signature.1));
    let short = IN_BINARY.iter().filter(|_| binary);
    let (_, _, what, instead) = certain.chain(short).find(is)?;
    Some(ParseError::Unsupported { what, instead })
}

/// Formats that are text, and still none of ours.
fn is_markup(signature: &[u8]) -> bool {
    signature == b"%!PS"
}

/// Whether it is a Rich Text document. Programs write space or the mark of UTF-8 before it.
pub(super) fn is_rich_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"{\\rtf")
}

/// Which of the pictures that are read it is.
pub(super) fn image(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(Format::Png);
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Some(Format::Jpeg);
    }
    // The others begin with letters, as a text may.
    if !is_binary(bytes) {
        return None;
    }
    if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        return Some(Format::Gif);
    }
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..).is_some_and(|rest| rest.starts_with(b"WEBP"));
    is_webp.then_some(Format::Webp)
}
