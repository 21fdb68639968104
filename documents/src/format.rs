/// The formats [`crate::parse`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Comma- or tab-separated values.
    Csv,
    /// An e-mail message as sent (RFC 5322), attachments aside.
    Email,
    /// JSON, or JSON lines.
    Json,
}

impl Format {
    /// Decides by the media type (parameters such as `charset` are ignored), and by the extension of the file name when the
    /// media type is empty or `application/octet-stream`. A `.mdx` file sent as Markdown is MDX. `None`: not a format we read.
    #[must_use]
    pub fn detect(mime_type: &str, file_name: Option<&str>) -> Option<Format> {
        let essence = mime_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let by_name = file_name.and_then(Format::from_file_name);
        match essence.as_str() {
            "" | "application/octet-stream" => by_name,
            "text/markdown" | "text/x-markdown" if by_name == Some(Format::Mdx) => by_name,
            "text/markdown" | "text/x-markdown" => Some(Format::Markdown),
            "text/mdx" => Some(Format::Mdx),
            "text/html" | "application/xhtml+xml" => Some(Format::Html),
            "text/plain" => Some(Format::PlainText),
            _ => None,
        }
    }

    fn from_file_name(file_name: &str) -> Option<Format> {
        let (_, extension) = file_name.trim().rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "md" | "markdown" => Some(Format::Markdown),
            "mdx" => Some(Format::Mdx),
            "html" | "htm" => Some(Format::Html),
            "txt" => Some(Format::PlainText),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn the_media_type_decides_and_its_parameters_do_not() {
        assert_eq!(
            Format::detect("Text/HTML; charset=utf-8", Some("page.md")),
            Some(Format::Html)
        );
        assert_eq!(Format::detect("application/xhtml+xml", None), Some(Format::Html));
        assert_eq!(Format::detect("text/x-markdown", None), Some(Format::Markdown));
        assert_eq!(Format::detect("text/mdx", None), Some(Format::Mdx));
        assert_eq!(Format::detect("text/plain", Some("notes.md")), Some(Format::PlainText));
    }

    #[test]
    fn an_mdx_file_sent_as_markdown_is_mdx() {
        assert_eq!(Format::detect("text/markdown", Some("a/b.MDX")), Some(Format::Mdx));
    }

    #[test]
    fn without_a_telling_media_type_the_extension_decides() {
        for (name, format) in [
            ("a.md", Format::Markdown),
            ("a.markdown", Format::Markdown),
            ("a.htm", Format::Html),
            ("a.HTML", Format::Html),
            ("a.b.txt", Format::PlainText),
        ] {
            assert_eq!(Format::detect("application/octet-stream", Some(name)), Some(format));
            assert_eq!(Format::detect("", Some(name)), Some(format));
        }
    }

    #[test]
    fn what_we_do_not_read_is_none() {
        assert_eq!(Format::detect("application/pdf", Some("a.md")), None);
        assert_eq!(Format::detect("", Some("README")), None);
        assert_eq!(Format::detect("", None), None);
    }
}
