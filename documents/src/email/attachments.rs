use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};
use serde_json::Value;

use super::headers::clean;
use crate::outline::{MAX_HEADING_BYTES, Outline};
use crate::parse::parse_within;
use crate::pictures::{Pictures, Words};
use crate::whitespace::truncate;
use crate::{Block, BlockKind, Format, ParseError, ParsedDocument, Said};

/// Attachments named; the rest is counted.
const MAX_NAMED: usize = 200;
/// Attachments read, of the message and of those inside it.
const MAX_READ: usize = 50;
/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();
/// Blocks read of them: each repeats the headings it stands under.
const MAX_BLOCKS: usize = 200_000;

/// What was read of attachments, which follows what the messages say themselves.
pub(super) struct Attached<'p, 'r> {
    /// Why none is to be read.
    unread: Option<&'static str>,
    pictures: &'p mut Pictures<'r>,
    count: usize,
    /// The headings of the messages that one is inside of, the outermost first.
    inside: Vec<String>,
    pub(super) blocks: Vec<Block>,
}

impl<'p, 'r> Attached<'p, 'r> {
    pub(super) fn new(unread: Option<&'static str>, pictures: &'p mut Pictures<'r>) -> Self {
        Self {
            unread,
            pictures,
            count: 0,
            inside: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// Begins a message inside the one that is being read.
    pub(super) fn open(&mut self, heading: &str) {
        self.inside.push(short(heading));
    }

    pub(super) fn close(&mut self) {
        self.inside.pop();
    }

    /// Names what is attached, and reads it. Messages inside are named too when `read_messages` is false. What cannot be read costs the message nothing: its name says why.
    pub(super) fn append(&mut self, message: &Message<'_>, read_messages: bool, outline: &mut Outline) {
        let attached: Vec<&MessagePart<'_>> = message
            .attachments()
            .filter(|part| !(read_messages && matches!(part.body, PartType::Message(_))))
            .filter(|part| !is_signature(part))
            .collect();
        if attached.is_empty() {
            return;
        }
        outline.push(BlockKind::Paragraph, "Attachments:".to_owned());
        for part in attached.iter().take(MAX_NAMED) {
            let name = describe(part);
            let item = match self.read(message, part) {
                Ok(missing) => format!("- {name}{missing}"),
                Err(why) => format!("- {name}, not read: {why}"),
            };
            outline.push(BlockKind::ListItem, item);
        }
        if attached.len() > MAX_NAMED {
            outline.push(
                BlockKind::ListItem,
                format!("- and {} more", attached.len() - MAX_NAMED),
            );
        }
    }

    /// Under a heading of its own, inside those of the message that it is attached to. Returns what of it is not read, as it follows its name; otherwise why nothing is.
    fn read(&mut self, message: &Message<'_>, part: &MessagePart<'_>) -> Result<String, String> {
        if let Some(why) = self.unread {
            return Err(why.to_owned());
        }
        if self.count >= MAX_READ {
            return Err("the message has too many".to_owned());
        }
        if self.pictures.are_drawn() {
            return Err("pictures are drawn".to_owned());
        }
        let not_read = self.pictures.not_read();
        let (format, document) = self.parsed(message, part)?;
        let blocks = document.blocks;
        if self.blocks.len() + blocks.len() > MAX_BLOCKS {
            return Err("all of it together is too long".to_owned());
        }
        // Pictures are counted where they are read.
        if !format.is_image() {
            self.count += 1;
        }
        let own = short(&format!("Attachment: {}", name(part)));
        // What it calls itself may stand nowhere in its text.
        let title = document.title.filter(|title| !own.contains(title.as_str()));
        let is_heading = |title: &String| blocks.iter().any(|block| block.headings.first() == Some(title));
        let title = title.filter(|title| !is_heading(title)).map(|title| short(&title));
        let headings: Vec<String> = self.inside.iter().cloned().chain([own]).chain(title).collect();
        self.blocks.extend(blocks.into_iter().map(|block| Block {
            headings: headings.iter().cloned().chain(block.headings).collect(),
            ..block
        }));
        let without_text = document.metadata.get("pages_without_text");
        let pages = without_text.and_then(Value::as_array).map_or(0, Vec::len);
        let mut missing = match (pages, self.pictures.not_read() - not_read) {
            (0, 0) => String::new(),
            (0, pictures) => format!(", {pictures} of its pictures not read"),
            (pages, _) => format!(", {pages} of its pages not read: no text"),
        };
        if let Some(replaced) = document.metadata.get("characters_replaced").and_then(Value::as_u64) {
            missing.push_str(&format!(", {replaced} of its characters not read"));
        }
        Ok(missing)
    }

    /// What is attached, read; or why it is not.
    fn parsed(&mut self, message: &Message<'_>, part: &MessagePart<'_>) -> Result<(Format, ParsedDocument), String> {
        let (bytes, media_type, name) = (contents(message, part), media_type(part), part.attachment_name());
        let bytes = &*bytes;
        let said = Said {
            media_type: &media_type,
            file_name: name,
        };
        if media_type == "application/pgp-keys" {
            return Err("it is a key".to_owned());
        }
        let told = |error: ParseError| super::told(&error);
        let format = Format::detect(bytes, &said).map_err(told)?;
        let document = match format {
            format if format.is_image() => match self.pictures.read(bytes, format) {
                Words::Found(document) => document,
                Words::None => return Err("it is a picture without words".to_owned()),
                Words::Before => return Err("it is a picture that was there before".to_owned()),
                Words::Unread => return Err("it is a picture".to_owned()),
            },
            // As a file.
            Format::Email => {
                let unread = Some("it is attached to an attachment");
                super::parse_message(bytes, unread, self.pictures).map_err(told)?
            }
            format => parse_within(bytes, format, self.pictures).map_err(told)?,
        };
        Ok((format, document))
    }
}

/// Its bytes as they were before they were sent. Of a text that names no charset the mail parser has made UTF-8 as well as it could: what that lost is in the bytes, for whoever knows better.
fn contents<'m>(message: &'m Message<'_>, part: &'m MessagePart<'_>) -> Cow<'m, [u8]> {
    let given = part.contents();
    let is_damaged = part.is_text() && given.windows(3).any(|bytes| bytes == REPLACEMENT);
    let sent = || {
        let range = usize::try_from(part.raw_body_offset()).ok()?..usize::try_from(part.raw_end_offset()).ok()?;
        let raw = message.raw_message().get(range)?;
        let sent = match part.encoding {
            Encoding::Base64 => base64_decode(raw)?,
            Encoding::QuotedPrintable => quoted_printable_decode(raw)?,
            Encoding::None => raw.to_vec(),
        };
        // Of a message inside another it may be counted otherwise where things are.
        (String::from_utf8_lossy(&sent).trim_end() == String::from_utf8_lossy(given).trim_end()).then_some(sent)
    };
    match is_damaged.then(sent).flatten() {
        Some(sent) => Cow::Owned(sent),
        None => Cow::Borrowed(given),
    }
}

/// Of a signed message, whose signature nobody looks for.
fn is_signature(part: &MessagePart<'_>) -> bool {
    let kind = media_type(part);
    [
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
    ]
    .contains(&kind.as_str())
}

/// As long as headings are.
fn short(heading: &str) -> String {
    truncate(heading, MAX_HEADING_BYTES).trim_end().to_owned()
}

fn name(part: &MessagePart<'_>) -> String {
    part.attachment_name().map_or_else(|| "unnamed".to_owned(), clean)
}

fn media_type(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(
        || "application/octet-stream".to_owned(),
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*")).to_ascii_lowercase(),
    )
}

fn describe(part: &MessagePart<'_>) -> String {
    let media_type = media_type(part);
    let name = name(part);
    let is_outlook = media_type.ends_with("/ms-tnef")
        || media_type.ends_with("/vnd.ms-tnef")
        || name.eq_ignore_ascii_case("winmail.dat");
    let kind = if is_outlook {
        "Outlook's own packing (TNEF)".to_owned()
    } else {
        clean(&media_type)
    };
    format!("{name} ({kind}, {})", size(part.contents().len()))
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KB", bytes / 1_024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}
