use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::object::{DateTime, Dict, String as PdfString};
use serde_json::{Map, Value};

use super::content::Recognised;
use crate::titles::{is_nobodys, is_of_a_program};
use crate::whitespace::{one_line, truncate};

/// What the file says of itself.
pub(super) struct DocumentInfo {
    pub(super) title: Option<String>,
    pub(super) metadata: Map<String, Value>,
}

const MAX_VALUE_BYTES: usize = 1_000;
/// Page numbers listed in `pages_without_text` and `pages_recognised`.
const MAX_PAGES_LISTED: usize = 100;

pub(super) fn read(pdf: &Pdf, pages_without_text: &[usize], recognised: &Recognised) -> DocumentInfo {
    let info = pdf.metadata();
    let mut metadata = Map::new();
    metadata.insert("pages".to_owned(), pdf.pages().len().into());
    for (name, value) in [
        ("author", &info.author),
        ("subject", &info.subject),
        ("keywords", &info.keywords),
    ] {
        if let Some(text) = value
            .as_deref()
            .map(text_string)
            .filter(|text| !text.is_empty() && !is_nobodys(text))
        {
            metadata.insert(name.to_owned(), text.into());
        }
    }
    for (name, value) in [("created", &info.creation_date), ("modified", &info.modification_date)] {
        if let Some(date) = value {
            metadata.insert(name.to_owned(), rfc3339(date).into());
        }
    }
    let catalogue = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id());
    let language = catalogue.and_then(|catalogue| catalogue.get::<PdfString<'_>>(b"Lang"));
    if let Some(language) = language.map(|language| text_string(language.as_bytes()))
        && !language.is_empty()
    {
        metadata.insert("language".to_owned(), language.into());
    }
    for (name, pages) in [
        ("pages_without_text", pages_without_text),
        ("pages_recognised", &recognised.pages),
    ] {
        if !pages.is_empty() {
            let listed: Vec<Value> = pages.iter().take(MAX_PAGES_LISTED).map(|&page| page.into()).collect();
            metadata.insert(name.to_owned(), listed.into());
        }
    }
    metadata.extend(certainty(&recognised.certainties));
    let title = info.title.as_deref().map(text_string);
    DocumentInfo {
        title: title
            .filter(|title| !is_of_a_program(title))
            .and_then(|title| crate::outline::title(&title)),
        metadata,
    }
}

/// How sure the recogniser was of its words on average.
pub(crate) fn certainty(certainties: &[f32]) -> Option<(String, Value)> {
    let mean = certainties.iter().sum::<f32>() / certainties.len() as f32;
    (!certainties.is_empty()).then(|| ("recognition_certainty".to_owned(), (mean.round() as u64).into()))
}

/// PDFDocEncoding from 0x80 to 0xA0 (ISO 32000-1, annex D.2), where it is not Latin-1; 0x9F is nothing.
const PDF_DOC_SIGNS: [char; 33] = [
    '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ', 'Ł', 'Œ',
    'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', ' ', '€',
];

/// Ligatures as their letters, as they are on pages.
fn of_pdf_doc_encoding(bytes: &[u8]) -> String {
    let sign = |byte: u8| {
        let place = byte.checked_sub(0x80).map(usize::from);
        place.and_then(|place| PDF_DOC_SIGNS.get(place)).copied()
    };
    let text: String = bytes.iter().map(|&byte| sign(byte).unwrap_or(byte as char)).collect();
    text.replace('ﬁ', "fi").replace('ﬂ', "fl")
}

/// A "text string" of the standard: UTF-16 or UTF-8 by their marks, or UTF-8 without one, which some programs write; otherwise PDFDocEncoding.
fn text_string(bytes: &[u8]) -> String {
    let units = |from: fn([u8; 2]) -> u16, bytes: &[u8]| -> String {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| from(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    let text = if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        units(u16::from_be_bytes, rest)
    } else if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        units(u16::from_le_bytes, rest)
    } else {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        std::str::from_utf8(bytes).map_or_else(|_| of_pdf_doc_encoding(bytes), str::to_owned)
    };
    let text = one_line(&text.replace(|c: char| c.is_control(), " "));
    truncate(&text, MAX_VALUE_BYTES).to_owned()
}

fn rfc3339(date: &DateTime) -> String {
    let sign = if date.utc_offset_hour < 0 { '-' } else { '+' };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        date.year,
        date.month,
        date.day,
        date.hour,
        date.minute,
        date.second,
        date.utc_offset_hour.unsigned_abs(),
        date.utc_offset_minute
    )
}

#[cfg(test)]
mod tests {
    use super::text_string;

    #[test]
    fn text_strings_are_read_in_their_encodings() {
        assert_eq!(text_string(b"\xFE\xFF\x00G\x00r\x00\xFC"), "Grü");
        assert_eq!(text_string(b"Gr\xFC\x00n"), "Grü n");
        assert_eq!(text_string("\u{FEFF}Grün".as_bytes()), "Grün");
    }

    #[test]
    fn signs_of_pdf_doc_encoding_are_no_control_characters() {
        for (bytes, expected) in [
            (b"Company\x90s plan \x85 2024".as_slice(), "Company’s plan – 2024"),
            (
                b"\x95\xF3d\xBC, \x8CPro\x93t\x8D\x92\x9F: \xA05",
                "Łód¼, „Profit“™ : €5",
            ),
            (b"\x80 \x84 \x9E\xFF", "• — žÿ"),
        ] {
            assert_eq!(text_string(bytes), expected);
        }
    }
}
