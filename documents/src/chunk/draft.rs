use super::cut::Part;
use crate::BlockKind;

/// How many headings two paths share.
pub(super) fn shared(a: &[String], b: &[String]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// The headings that all parts stand under.
pub(super) fn common_headings<'b>(parts: &[Part<'b>]) -> &'b [String] {
    let Some(first) = parts.first() else { return &[] };
    let len = parts.iter().fold(first.headings.len(), |len, part| {
        len.min(shared(first.headings, part.headings))
    });
    first.headings.get(..len).unwrap_or_default()
}

/// The text of a chunk made of `parts`: headings below the common ones stand before the first part under them.
pub(super) fn render(parts: &[Part<'_>]) -> String {
    let common = common_headings(parts).len();
    let mut text = String::new();
    let mut open: &[String] = parts
        .first()
        .and_then(|part| part.headings.get(..common))
        .unwrap_or_default();
    let mut previous: Option<BlockKind> = None;
    for part in parts {
        let kept = shared(open, part.headings).max(common);
        for heading in part.headings.iter().skip(kept) {
            separate(&mut text, "\n\n");
            text.push_str(&format!("## {heading}"));
            previous = None;
        }
        open = part.headings;
        let same_list = previous == Some(BlockKind::ListItem) && part.kind == BlockKind::ListItem;
        separate(&mut text, if same_list { "\n" } else { "\n\n" });
        text.push_str(&part.text);
        previous = Some(part.kind);
    }
    text
}

fn separate(text: &mut String, by: &str) {
    if !text.is_empty() {
        text.push_str(by);
    }
}
