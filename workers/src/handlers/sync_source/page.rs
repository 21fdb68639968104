use documents::{Format, older_charset, read_text};
use integrations::IntegrationError;
use integrations::http::GuardedResponse;
use integrations::http::header::CONTENT_ENCODING;
use integrations::web::{Inflated, PageHead, PageLinks, gunzip, read_links};
use url::Url;

/// What it is served as is nothing that is read.
pub(super) const UNSUPPORTED_MEDIA_TYPE: &str = "unsupported_media_type";

/// What an answer comes to.
pub(super) enum Read {
    Page(Box<Page>),
    /// Not to be a document.
    Skipped(&'static str),
    /// Could not be read this time.
    Failed(&'static str),
}

/// A page that can be ingested, but for what it says to robots.
pub(super) struct Page {
    pub(super) head: PageHead,
    /// With its charset, where its bytes have to be told of one.
    pub(super) media_type: String,
    /// As they came, unpacked.
    pub(super) bytes: Vec<u8>,
    /// Of a web page only.
    pub(super) links: PageLinks,
}

/// Why an exchange that gave no answer gave none.
pub(super) fn read_failure(error: &IntegrationError) -> Read {
    match error {
        IntegrationError::AnswerTooLarge { .. } => Read::Skipped("too_large"),
        IntegrationError::Forbidden { .. } => Read::Skipped("address_refused"),
        IntegrationError::RateLimited { .. } => Read::Failed("limited"),
        IntegrationError::Timeout { .. } => Read::Failed("timeout"),
        IntegrationError::Unreachable { .. } | IntegrationError::Unavailable { .. } => Read::Failed("unreachable"),
        _ => Read::Failed("unreadable"),
    }
}

/// Reads a page: its bytes, unpacked, and its links where it is a web page. What encoding a text is in is found out here only to look into it: the parser does so again. Blocks: a large
/// page takes a while.
pub(super) fn read_page(answer: &GuardedResponse, url: &Url, bytes_max: usize) -> Read {
    let encoding = answer
        .headers
        .get(CONTENT_ENCODING)
        .map(|value| value.as_bytes().to_ascii_lowercase());
    let bytes = match encoding.as_deref() {
        None | Some(b"" | b"identity") => answer.body.to_vec(),
        Some(b"gzip" | b"x-gzip") => match gunzip(&answer.body, bytes_max) {
            Inflated::Whole(bytes) => bytes,
            Inflated::TooLarge => return Read::Skipped("too_large"),
            Inflated::Broken => return Read::Failed("unreadable"),
        },
        Some(_) => return Read::Skipped("unsupported_encoding"),
    };
    let head = PageHead::of(&answer.headers);
    let media_type = head
        .media_type
        .clone()
        .unwrap_or_else(|| "application/octet-stream".to_owned());
    // The one list of what is read: that of the parsers.
    let Some(format) = format(&media_type, url) else {
        return Read::Skipped(UNSUPPORTED_MEDIA_TYPE);
    };
    let is_page = matches!(media_type.as_str(), "text/html" | "application/xhtml+xml");
    if !is_page && !media_type.starts_with("text/") {
        return Read::Page(Box::new(Page {
            head,
            media_type,
            bytes,
            links: PageLinks::default(),
        }));
    }
    // A site that says UTF-8 of everything is no help where its bytes are not.
    let charset = head.charset.as_deref().and_then(older_charset);
    let text = read_text(&bytes, format, charset.as_deref());
    if text.contains('\0') {
        return Read::Skipped("contains_nul");
    }
    if text.trim().is_empty() {
        return Read::Skipped("empty");
    }
    let links = if is_page {
        read_links(&text, url)
    } else {
        PageLinks::default()
    };
    let media_type = match charset.filter(|_| text.as_bytes() != bytes) {
        Some(charset) => format!("{media_type}; charset={charset}"),
        None => media_type,
    };
    Read::Page(Box::new(Page {
        head,
        media_type,
        bytes,
        links,
    }))
}

/// By its media type, or by its name where that says nothing. The pictures of a site are no pages of it.
fn format(media_type: &str, url: &Url) -> Option<Format> {
    let format = match media_type {
        "application/octet-stream" => file_name(url).and_then(Format::of_file_name),
        media_type => Format::of_media_type(media_type),
    };
    format.filter(|format| !format.is_image())
}

/// The last part of the address's path, where it has one.
pub(super) fn file_name(url: &Url) -> Option<&str> {
    url.path_segments()?.next_back().filter(|name| !name.is_empty())
}
