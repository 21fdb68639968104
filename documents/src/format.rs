use serde::{Deserialize, Serialize};

/// The formats [`crate::parse`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// CommonMark with tables, task lists, strikethrough, footnotes and YAML front matter.
    Markdown,
    /// Markdown with JSX, as Docusaurus and Mintlify write it.
    Mdx,
    /// A web page or a piece of one.
    Html,
    /// Text without markup; blank lines separate paragraphs.
    PlainText,
    /// PDF with a text layer.
    Pdf,
    /// A Word document (Office Open XML).
    Docx,
    /// A PowerPoint presentation (Office Open XML).
    Pptx,
    /// A workbook: Excel (Office Open XML, or the older binary form) or OpenDocument.
    Spreadsheet,
    /// An OpenDocument text, in a package or as one XML file.
    Odt,
    /// An OpenDocument presentation, in a package or as one XML file.
    Odp,
    /// An EPUB book.
    Epub,
    /// A Rich Text document.
    Rtf,
    /// Comma- or tab-separated values.
    Csv,
    /// An e-mail message as sent (RFC 5322), with what is attached.
    Email,
    /// JSON, or JSON lines.
    Json,
    /// A PNG picture.
    Png,
    /// A JPEG picture.
    Jpeg,
    /// A GIF picture, animated or not.
    Gif,
    /// A WebP picture, animated or not.
    Webp,
}

/// Media types and what they stand for; the first of a format is its own.
const MEDIA_TYPES: &[(&str, Format)] = &[
    ("text/markdown", Format::Markdown),
    ("text/x-markdown", Format::Markdown),
    ("text/mdx", Format::Mdx),
    ("text/html", Format::Html),
    ("application/xhtml+xml", Format::Html),
    ("text/plain", Format::PlainText),
    ("application/pdf", Format::Pdf),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Format::Docx,
    ),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
        Format::Docx,
    ),
    ("application/vnd.ms-word.document.macroenabled.12", Format::Docx),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        Format::Pptx,
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
        Format::Pptx,
    ),
    (
        "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        Format::Pptx,
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Format::Spreadsheet,
    ),
    ("application/vnd.ms-excel", Format::Spreadsheet),
    ("application/vnd.ms-excel.sheet.macroenabled.12", Format::Spreadsheet),
    (
        "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        Format::Spreadsheet,
    ),
    ("application/vnd.oasis.opendocument.spreadsheet", Format::Spreadsheet),
    ("application/vnd.oasis.opendocument.text", Format::Odt),
    ("application/vnd.oasis.opendocument.text-template", Format::Odt),
    ("application/vnd.oasis.opendocument.text-flat-xml", Format::Odt),
    ("application/vnd.oasis.opendocument.presentation", Format::Odp),
    ("application/vnd.oasis.opendocument.presentation-template", Format::Odp),
    ("application/vnd.oasis.opendocument.presentation-flat-xml", Format::Odp),
    ("application/epub+zip", Format::Epub),
    ("application/rtf", Format::Rtf),
    ("text/rtf", Format::Rtf),
    ("text/csv", Format::Csv),
    ("application/csv", Format::Csv),
    ("text/tab-separated-values", Format::Csv),
    ("message/rfc822", Format::Email),
    ("application/json", Format::Json),
    ("text/json", Format::Json),
    ("application/x-ndjson", Format::Json),
    ("application/jsonl", Format::Json),
    ("image/png", Format::Png),
    ("image/jpeg", Format::Jpeg),
    ("image/gif", Format::Gif),
    ("image/webp", Format::Webp),
];

/// Extensions of file names, without the dot.
const EXTENSIONS: &[(&str, Format)] = &[
    ("md", Format::Markdown),
    ("markdown", Format::Markdown),
    ("mdx", Format::Mdx),
    ("html", Format::Html),
    ("htm", Format::Html),
    ("xhtml", Format::Html),
    ("txt", Format::PlainText),
    ("text", Format::PlainText),
    // With markup that is read as it stands.
    ("rst", Format::PlainText),
    ("adoc", Format::PlainText),
    ("asciidoc", Format::PlainText),
    ("org", Format::PlainText),
    ("pdf", Format::Pdf),
    ("docx", Format::Docx),
    ("docm", Format::Docx),
    ("dotx", Format::Docx),
    ("pptx", Format::Pptx),
    ("pptm", Format::Pptx),
    ("ppsx", Format::Pptx),
    ("xlsx", Format::Spreadsheet),
    ("xlsm", Format::Spreadsheet),
    ("xlsb", Format::Spreadsheet),
    ("xls", Format::Spreadsheet),
    ("ods", Format::Spreadsheet),
    ("odt", Format::Odt),
    ("ott", Format::Odt),
    ("fodt", Format::Odt),
    ("odp", Format::Odp),
    ("otp", Format::Odp),
    ("fodp", Format::Odp),
    ("epub", Format::Epub),
    ("rtf", Format::Rtf),
    ("csv", Format::Csv),
    ("tsv", Format::Csv),
    ("eml", Format::Email),
    ("json", Format::Json),
    ("ndjson", Format::Json),
    ("jsonl", Format::Json),
    ("png", Format::Png),
    ("jpg", Format::Jpeg),
    ("jpeg", Format::Jpeg),
    ("gif", Format::Gif),
    ("webp", Format::Webp),
];

impl Format {
    /// All of them.
    pub const ALL: [Format; 19] = [
        Format::Markdown,
        Format::Mdx,
        Format::Html,
        Format::PlainText,
        Format::Pdf,
        Format::Docx,
        Format::Pptx,
        Format::Spreadsheet,
        Format::Odt,
        Format::Odp,
        Format::Epub,
        Format::Rtf,
        Format::Csv,
        Format::Email,
        Format::Json,
        Format::Png,
        Format::Jpeg,
        Format::Gif,
        Format::Webp,
    ];

    /// What a media type stands for; its parameters and its case do not count.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Format> {
        let essence = media_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let known = MEDIA_TYPES.iter().find(|(known, _)| *known == essence);
        known.map(|(_, format)| *format)
    }

    /// What a file's extension stands for.
    #[must_use]
    pub fn of_file_name(file_name: &str) -> Option<Format> {
        let (_, extension) = file_name.trim().rsplit_once('.')?;
        let extension = extension.to_ascii_lowercase();
        let known = EXTENSIONS.iter().find(|(known, _)| *known == extension);
        known.map(|(_, format)| *format)
    }

    /// The media type that documents of this format go by where nothing more exact is known.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        let own = MEDIA_TYPES.iter().find(|(_, format)| *format == self);
        own.map_or("application/octet-stream", |(media_type, _)| media_type)
    }

    /// A name for programs, as it is serialised.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Markdown => "markdown",
            Format::Mdx => "mdx",
            Format::Html => "html",
            Format::PlainText => "plain_text",
            Format::Pdf => "pdf",
            Format::Docx => "docx",
            Format::Pptx => "pptx",
            Format::Spreadsheet => "spreadsheet",
            Format::Odt => "odt",
            Format::Odp => "odp",
            Format::Epub => "epub",
            Format::Rtf => "rtf",
            Format::Csv => "csv",
            Format::Email => "email",
            Format::Json => "json",
            Format::Png => "png",
            Format::Jpeg => "jpeg",
            Format::Gif => "gif",
            Format::Webp => "webp",
        }
    }

    /// A name for people, with its article.
    pub(crate) fn called(self) -> &'static str {
        match self {
            Format::Markdown => "Markdown",
            Format::Mdx => "MDX",
            Format::Html => "HTML",
            Format::PlainText => "plain text",
            Format::Pdf => "a PDF",
            Format::Docx => "a Word document",
            Format::Pptx => "a PowerPoint presentation",
            Format::Spreadsheet => "a spreadsheet",
            Format::Odt => "an OpenDocument text",
            Format::Odp => "an OpenDocument presentation",
            Format::Epub => "an EPUB book",
            Format::Rtf => "a Rich Text document",
            Format::Csv => "comma-separated values",
            Format::Email => "an e-mail",
            Format::Json => "JSON",
            Format::Png => "a PNG picture",
            Format::Jpeg => "a JPEG picture",
            Format::Gif => "a GIF picture",
            Format::Webp => "a WebP picture",
        }
    }

    /// Whether a file of this format is text, so that its first bytes do not tell which.
    pub(crate) fn is_text(self) -> bool {
        !self.is_image()
            && !matches!(self, Format::Pdf | Format::Docx | Format::Pptx | Format::Spreadsheet)
            && !matches!(self, Format::Odt | Format::Odp | Format::Epub | Format::Rtf)
    }

    /// Whether a file of this format is a picture.
    #[must_use]
    pub fn is_image(self) -> bool {
        matches!(self, Format::Png | Format::Jpeg | Format::Gif | Format::Webp)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::{EXTENSIONS, Format, MEDIA_TYPES};

    #[test]
    fn every_format_has_a_media_type_an_extension_and_one_name() {
        for format in Format::ALL {
            assert_eq!(Format::of_media_type(format.media_type()), Some(format));
            assert!(EXTENSIONS.iter().any(|(_, of)| *of == format), "{format:?}");
            assert_eq!(serde_json::to_value(format).unwrap(), format.name());
        }
    }

    #[test]
    fn parameters_and_case_do_not_count() {
        assert_eq!(Format::of_media_type(" Text/HTML; charset=utf-8"), Some(Format::Html));
        assert_eq!(Format::of_file_name("a/b.final.DOCX"), Some(Format::Docx));
        assert_eq!(Format::of_file_name("guide.RST"), Some(Format::PlainText));
        for (media_type, _) in MEDIA_TYPES {
            assert_eq!(*media_type, media_type.to_ascii_lowercase());
        }
    }

    #[test]
    fn what_we_do_not_know_is_none() {
        assert_eq!(Format::of_media_type("image/tiff"), None);
        assert_eq!(Format::of_media_type(""), None);
        assert_eq!(Format::of_file_name("README"), None);
    }
}
