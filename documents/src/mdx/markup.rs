use crate::link::address_after;
use crate::tag::Tag;
use crate::whitespace::truncate;

/// A longer heading is a paragraph.
const MAX_HEADING_BYTES: usize = 1_000;

/// The tag of a link to elsewhere, as the Markdown reader knows it; `rest` is what follows. A tag that ends its line would begin a block of HTML.
pub(super) fn link(tag: &Tag<'_>, rest: &str) -> Option<String> {
    let target = tag.target().filter(|_| matches!(tag.name, "a" | "Link"))?;
    let is_plain = !target.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '`'));
    let leads_elsewhere = address_after("words", target).is_some();
    let rest = rest.trim_start_matches([' ', '\t', '\r']);
    let ends_line = rest.is_empty() || rest.starts_with('\n');
    (is_plain && leads_elsewhere && !ends_line).then(|| format!("<a href=\"{}\">", target.replace('|', "%7C")))
}

/// The marks of a heading that is whole on its line.
pub(super) fn heading(tag: &Tag<'_>, rest: &str) -> Option<String> {
    let level = tag.heading_level()?;
    let line = truncate(rest, MAX_HEADING_BYTES).split('\n').next()?;
    let closes = line.contains(&format!("</{}", tag.name));
    closes.then(|| format!("{} ", "#".repeat(level)))
}
