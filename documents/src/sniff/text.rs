use super::Said;
use crate::wide::Wide;
use crate::{Format, ParseError};

/// How much of a file is looked at.
const HEAD: usize = 8 << 10;
/// Headers that a mail system adds, and people do not write.
const MAIL_SYSTEM: [&str; 4] = ["received", "message-id", "mime-version", "return-path"];
const MAIL: [&str; 4] = ["from", "to", "subject", "date"];

/// The format of what has no signature: a text, or nothing that we know.
pub(super) fn format(bytes: &[u8], said: &Said<'_>) -> Result<Format, ParseError> {
    let hint = said.format();
    // What was sent as a text is read as one: then the error names the first wrong byte.
    let textual = [hint, said.by_name()]
        .into_iter()
        .flatten()
        .find(|format| format.is_text());
    if is_binary(bytes) {
        return match (textual, hint) {
            (Some(format), _) => Ok(format),
            (None, Some(hint)) => Err(ParseError::Mismatch {
                said: hint.called(),
                found: "a binary file of a kind that is not known",
            }),
            (None, None) => Err(ParseError::Unsupported {
                what: "a binary file of a kind that is not known",
                instead: "Save it in a format that is read, such as PDF, and send that.",
            }),
        };
    }
    let head = head(bytes);
    let start = start(&head);
    if is_page(start) {
        return Ok(Format::Html);
    }
    if let Some(format) = flat_open_document(start) {
        return Ok(format);
    }
    if is_email(&head) {
        return Ok(Format::Email);
    }
    match (textual, hint) {
        (Some(format), _) => Ok(format),
        _ if has_tag(start, "head") || has_tag(start, "body") => Ok(Format::Html),
        (None, Some(hint)) => Err(ParseError::Mismatch {
            said: hint.called(),
            found: looks_like(bytes, start),
        }),
        (None, None) if is_json(bytes, start) => Ok(Format::Json),
        (None, None) if head.trim_start().starts_with("<?xml") => Err(ParseError::Unsupported {
            what: "an XML file",
            instead: "Send it as text/plain to have it read as it stands, or convert it to HTML.",
        }),
        (None, None) => Ok(Format::PlainText),
    }
}

/// Whether the beginning holds what no text does: NUL (but in UTF-16 and UTF-32), or many control characters.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    if Wide::marked(bytes).is_some() || Wide::unmarked(bytes).is_some() {
        return false;
    }
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let control = head
        .iter()
        .filter(|byte| matches!(byte, 0x01..=0x08 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f));
    head.contains(&0) || control.count() * 32 > head.len()
}

/// The beginning as text; what cannot be decoded does not matter here.
fn head(bytes: &[u8]) -> String {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    match (Wide::marked(head), Wide::unmarked(bytes)) {
        (Some((wide, text)), _) => wide.decode_lossily(text),
        (None, Some(wide)) => wide.decode_lossily(head),
        (None, None) => encoding_rs::UTF_8.decode(head).0.into_owned(),
    }
}

/// What follows white space, comments and an XML declaration.
fn start(head: &str) -> &str {
    let mut rest = head.trim_start();
    loop {
        let after = if rest.starts_with("<!--") {
            rest.split_once("-->")
        } else if rest.starts_with("<?xml") {
            rest.split_once("?>")
        } else {
            None
        };
        match after {
            Some((_, after)) => rest = after.trim_start(),
            None => return rest,
        }
    }
}

/// Whether the text is a whole web page. `<head>` alone is not enough: Docusaurus has it in Markdown.
fn is_page(start: &str) -> bool {
    let doctype = start
        .get(..14)
        .is_some_and(|begin| begin.eq_ignore_ascii_case("<!doctype html"));
    doctype || has_tag(start, "html")
}

/// An OpenDocument file of one XML document names its media type in its first tag.
fn flat_open_document(start: &str) -> Option<Format> {
    let tag = start.strip_prefix("<office:document")?.split('>').next()?;
    let (_, kind) = tag.split_once("office:mimetype=")?;
    let kind = kind.trim_start_matches(['"', '\'']);
    let kind = kind.strip_prefix("application/vnd.oasis.opendocument.")?;
    match kind {
        kind if kind.starts_with("text") => Some(Format::Odt),
        kind if kind.starts_with("presentation") => Some(Format::Odp),
        _ => None,
    }
}

fn has_tag(start: &str, name: &str) -> bool {
    let Some(rest) = start.strip_prefix('<') else {
        return false;
    };
    let is_name = rest
        .get(..name.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    is_name
        && rest
            .get(name.len()..)
            .is_some_and(|rest| rest.starts_with(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace()))
}

/// Whether the text begins with headers of which one at least is a mail system's (RFC 5322, section 2.2).
fn is_email(head: &str) -> bool {
    let (mut from_system, mut from_people) = (false, false);
    let lines = head.trim_start_matches('\u{feff}').lines();
    for (number, line) in lines.enumerate() {
        if line.is_empty() {
            break;
        }
        let is_folded = number > 0 && line.starts_with([' ', '\t']);
        let is_envelope = number == 0 && line.starts_with("From ");
        if is_folded || is_envelope {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else {
            // The last line of the head may be cut.
            return from_system && from_people && number > 0 && head.len() >= HEAD;
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        let name = name.to_ascii_lowercase();
        from_system |= MAIL_SYSTEM.contains(&name.as_str());
        from_people |= MAIL.contains(&name.as_str());
    }
    from_system && from_people
}

/// Whether all of it, or its first line, is JSON.
fn is_json(bytes: &[u8], start: &str) -> bool {
    if !start.starts_with(['{', '[']) {
        return false;
    }
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    let first = start.lines().next().unwrap_or_default();
    whole || (first.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok())
}

fn looks_like(bytes: &[u8], start: &str) -> &'static str {
    if bytes.is_empty() {
        "an empty file"
    } else if is_json(bytes, start) {
        "JSON"
    } else if start.starts_with('<') {
        "markup such as XML"
    } else {
        "plain text"
    }
}
