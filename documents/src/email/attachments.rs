use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

use super::headers::clean;
use crate::BlockKind;
use crate::outline::Outline;

/// Attachments named; the rest is counted.
const MAX_NAMED: usize = 200;

/// Names what is attached and not read. Messages inside are named too when `read_messages` is false.
pub(super) fn append(message: &Message<'_>, read_messages: bool, outline: &mut Outline) {
    let attached: Vec<&MessagePart<'_>> = message
        .attachments()
        .filter(|part| !(read_messages && matches!(part.body, PartType::Message(_))))
        .filter(|part| !is_signature(part))
        .collect();
    if attached.is_empty() {
        return;
    }
    outline.push(
        BlockKind::Paragraph,
        "Attachments (their content is not read):".to_owned(),
    );
    for part in attached.iter().take(MAX_NAMED) {
        outline.push(BlockKind::ListItem, format!("- {}", describe(part)));
    }
    if attached.len() > MAX_NAMED {
        outline.push(
            BlockKind::ListItem,
            format!("- and {} more", attached.len() - MAX_NAMED),
        );
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

fn media_type(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(
        || "application/octet-stream".to_owned(),
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*")).to_ascii_lowercase(),
    )
}

fn describe(part: &MessagePart<'_>) -> String {
    let media_type = media_type(part);
    let name = part.attachment_name().map_or_else(|| "unnamed".to_owned(), clean);
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
