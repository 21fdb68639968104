use mail_parser::{Address, Message};
use serde_json::{Map, Value};

use crate::BlockKind;
use crate::outline::Outline;
use crate::whitespace::one_line;

/// Addresses shown of one header; the rest is counted.
const MAX_ADDRESSES: usize = 200;

/// One line without NUL.
pub(super) fn clean(text: &str) -> String {
    one_line(&text.replace('\0', "\u{FFFD}"))
}

fn fields(message: &Message<'_>) -> Vec<(&'static str, String)> {
    let date = message
        .date()
        .filter(|date| date.is_valid())
        .map(|date| date.to_rfc3339());
    [
        ("From", message.from().map(addresses)),
        ("To", message.to().map(addresses)),
        ("Cc", message.cc().map(addresses)),
        ("Date", date),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .filter(|(_, value)| !value.is_empty())
    .collect()
}

/// `from`, `to`, `cc` and `date` (RFC 3339), as far as the message has them, and `message_id`.
pub(super) fn metadata(message: &Message<'_>) -> Map<String, Value> {
    let mut metadata: Map<String, Value> = fields(message)
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.into()))
        .collect();
    if let Some(id) = message.message_id() {
        metadata.insert("message_id".to_owned(), clean(id).into());
    }
    metadata
}

/// Who wrote whom and when, as people search for it.
pub(super) fn append(message: &Message<'_>, outline: &mut Outline) {
    let lines: Vec<String> = fields(message)
        .into_iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    outline.push(BlockKind::Paragraph, lines.join("\n"));
}

fn addresses(address: &Address<'_>) -> String {
    let all: Vec<_> = address.iter().collect();
    let mut shown: Vec<String> = all
        .iter()
        .take(MAX_ADDRESSES)
        .filter_map(|one| match (one.name(), one.address()) {
            (Some(name), Some(address)) => Some(format!("{} <{}>", clean(name), clean(address))),
            (Some(one), None) | (None, Some(one)) => Some(clean(one)),
            (None, None) => None,
        })
        .collect();
    if all.len() > MAX_ADDRESSES {
        shown.push(format!("and {} more", all.len() - MAX_ADDRESSES));
    }
    shown.join(", ")
}
