//! Reads a message as sent: who wrote whom, the body, the messages inside it, and what is attached.

mod attachments;
mod body;
mod headers;
mod nesting;
mod plain_body;

use self::attachments::Attached;
use mail_parser::{Message, MessageParser, PartType};

use crate::outline::{Outline, title};
use crate::pictures::Pictures;
use crate::{Attachments, ParseError, ParsedDocument};

const FORMAT: &str = "e-mail";
/// Messages inside of messages beyond this are named like attachments.
const MAX_DEPTH: u8 = 5;

pub(crate) fn parse(
    bytes: &[u8],
    attachments: Attachments,
    pictures: &mut Pictures<'_>,
) -> Result<ParsedDocument, ParseError> {
    let unread = match attachments {
        Attachments::Read => None,
        Attachments::Name => Some("reading the attachments of this message failed"),
    };
    parse_message(bytes, unread, pictures)
}

/// `unread` says why attachments are only named.
fn parse_message(
    bytes: &[u8],
    unread: Option<&'static str>,
    pictures: &mut Pictures<'_>,
) -> Result<ParsedDocument, ParseError> {
    let transcoded = nesting::from_utf16(bytes);
    let bytes = transcoded.as_deref().unwrap_or(bytes);
    nesting::check(bytes)?;
    let message = MessageParser::default()
        .parse(bytes)
        .filter(|message| !message.headers().is_empty())
        .ok_or_else(|| ParseError::Damaged {
            format: FORMAT,
            reason: "it does not begin with the header of a message".to_owned(),
        })?;
    if body::is_encrypted(&message) {
        return Err(ParseError::EncryptedMail);
    }
    let mut outline = Outline::default();
    let mut attached = Attached::new(unread, pictures);
    append(&message, 0, &mut outline, &mut attached)?;
    let (_, mut blocks) = outline.finish()?;
    blocks.append(&mut attached.blocks);
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: message.subject().and_then(title),
        metadata: headers::metadata(&message),
        blocks,
    })
}

/// Header, body and attachments; then the messages inside, each under a heading of its own.
fn append(
    message: &Message<'_>,
    depth: u8,
    outline: &mut Outline,
    attached: &mut Attached<'_, '_>,
) -> Result<(), ParseError> {
    headers::append(message, outline);
    match body::append(message, outline) {
        // The message around it is still read, and so is what is attached.
        Err(error) if depth > 0 => outline.paragraph(&format!("Not read: {}", told(&error))),
        read => read?,
    }
    attached.append(message, depth < MAX_DEPTH, outline);
    if depth >= MAX_DEPTH {
        return Ok(());
    }
    for part in message.attachments() {
        if let PartType::Message(inner) = &part.body {
            let subject = inner.subject().unwrap_or("without subject");
            let heading = format!("Attached message: {}", headers::clean(subject));
            outline.heading(depth + 1, &heading);
            attached.open(&heading);
            append(inner, depth + 1, outline, attached)?;
            attached.close();
        }
    }
    Ok(())
}

/// Why something is not read, as it stands in the text.
fn told(error: &ParseError) -> String {
    error.code().replace('_', " ")
}

#[cfg(test)]
mod tests;
