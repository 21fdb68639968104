use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

use super::plain_body;
use crate::link::without_addresses;
use crate::outline::Outline;
use crate::{ParseError, html};

/// S/MIME or PGP: the body is a sealed envelope.
pub(super) fn is_encrypted(message: &Message<'_>) -> bool {
    let root = message.content_type();
    let is = |name: &str, subtype: &str| {
        root.is_some_and(|root| {
            root.ctype().eq_ignore_ascii_case(name)
                && root.subtype().is_some_and(|found| found.eq_ignore_ascii_case(subtype))
        })
    };
    let sealed = is("application", "pkcs7-mime") || is("application", "x-pkcs7-mime");
    let signed_only = root
        .and_then(|root| root.attribute("smime-type"))
        .is_some_and(|kind| kind.eq_ignore_ascii_case("signed-data") || kind.eq_ignore_ascii_case("certs-only"));
    let inline = || {
        let first = message.text_bodies().next().and_then(|part| part.text_contents());
        first.is_some_and(|text| text.trim_start().starts_with("-----BEGIN PGP MESSAGE-----"))
    };
    is("multipart", "encrypted") || sealed && !signed_only || inline()
}

/// The plain text, or the HTML where that says clearly more or is all there is. HTML that cannot be read says nothing.
pub(super) fn append(message: &Message<'_>, outline: &mut Outline) -> Result<(), ParseError> {
    let plain: Vec<&MessagePart<'_>> = message.text_bodies().collect();
    let rich: Vec<&MessagePart<'_>> = message.html_bodies().collect();
    let has_html = rich.iter().any(|part| matches!(part.body, PartType::Html(_)));
    let has_plain = plain.iter().any(|part| matches!(part.body, PartType::Text(_)));
    let parts = if has_html && (!has_plain || says_more(&rich, &plain).unwrap_or(false)) {
        rich
    } else {
        plain
    };
    parts.into_iter().try_for_each(|part| append_part(part, outline))
}

fn append_part(part: &MessagePart<'_>, outline: &mut Outline) -> Result<(), ParseError> {
    match &part.body {
        PartType::Html(source) => {
            html::append_fragment(&without_head(source).replace(['\0', '\r'], " "), outline)?;
            outline.end_block();
        }
        PartType::Text(text) => {
            let content_type = part.content_type();
            let flowed = content_type
                .and_then(|kind| kind.attribute("format"))
                .is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
            let delete_space = content_type
                .and_then(|kind| kind.attribute("delsp"))
                .is_some_and(|delete| delete.eq_ignore_ascii_case("yes"));
            plain_body::append(text, flowed.then_some(delete_space), outline);
        }
        _ => {}
    }
    Ok(())
}

/// The title of the page in a message is that of whoever wrote the program, as is all of its head.
fn without_head(source: &str) -> &str {
    let at = |tag: &[u8]| {
        let mut windows = source.as_bytes().windows(tag.len());
        windows.position(|window| window.eq_ignore_ascii_case(tag))
    };
    let body = at(b"<body").or_else(|| at(b"</head>"));
    body.and_then(|start| source.get(start..)).unwrap_or(source)
}

/// The plain text of some mail is a line that sends the reader to the HTML.
fn says_more(rich: &[&MessagePart<'_>], plain: &[&MessagePart<'_>]) -> Result<bool, ParseError> {
    let (rich, plain) = (letters(rich)?, letters(plain)?);
    Ok(rich > 2 * plain + 10)
}

fn letters(parts: &[&MessagePart<'_>]) -> Result<usize, ParseError> {
    let mut outline = Outline::default();
    for part in parts {
        append_part(part, &mut outline)?;
    }
    let (_, blocks) = outline.finish()?;
    let in_text = |text: &str| without_addresses(text).chars().filter(|c| c.is_alphanumeric()).count();
    Ok(blocks.iter().map(|block| in_text(&block.text)).sum())
}
