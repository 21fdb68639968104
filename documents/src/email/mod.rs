//! Reads a message as sent: who wrote whom, the body, the messages inside it, and the names of what is attached.

mod attachments;
mod body;
mod headers;
mod nesting;
mod plain_body;

use mail_parser::{Message, MessageParser, PartType};

use crate::outline::{Outline, title};
use crate::{ParseError, ParsedDocument};

const FORMAT: &str = "e-mail";
/// Messages inside of messages beyond this are named like attachments.
const MAX_DEPTH: u8 = 5;

pub(crate) fn parse(bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
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
        return Err(ParseError::Encrypted { format: FORMAT });
    }
    let mut outline = Outline::default();
    append(&message, 0, &mut outline)?;
    let (_, blocks) = outline.finish()?;
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: message.subject().and_then(title),
        metadata: headers::metadata(&message),
        blocks,
    })
}

/// Header, body and attachments; then the messages inside, each under a heading of its own.
fn append(message: &Message<'_>, depth: u8, outline: &mut Outline) -> Result<(), ParseError> {
    headers::append(message, outline);
    body::append(message, outline)?;
    attachments::append(message, depth < MAX_DEPTH, outline);
    if depth >= MAX_DEPTH {
        return Ok(());
    }
    for part in message.attachments() {
        if let PartType::Message(inner) = &part.body {
            let subject = inner.subject().unwrap_or("without subject");
            outline.text(&format!("Attached message: {}", headers::clean(subject)));
            outline.end_heading(depth + 1);
            append(inner, depth + 1, outline)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
