/// Elements that have no end in HTML either.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
];

/// XHTML as a reader of HTML understands it: an element that is closed where it opens (`<title/>`) gets an end of its own, and what is marked as
/// characters (`<![CDATA[…]]>`) is written as such.
pub(super) fn as_html(source: &str) -> String {
    let mut html = String::with_capacity(source.len() + source.len() / 16);
    let mut rest = source;
    while let Some(start) = memchr::memchr(b'<', rest.as_bytes()) {
        let (before, markup) = rest.split_at_checked(start).unwrap_or((rest, ""));
        html.push_str(before);
        if let Some(section) = markup.strip_prefix("<![CDATA[") {
            let (characters, after) = section.split_once("]]>").unwrap_or((section, ""));
            html.push_str(&characters.replace('&', "&amp;").replace('<', "&lt;"));
            rest = after;
            continue;
        }
        let len = if markup.starts_with("<!--") {
            markup.find("-->").map_or(markup.len(), |end| end + 3)
        } else {
            tag_len(markup)
        };
        let (tag, after) = markup.split_at_checked(len).unwrap_or((markup, ""));
        match closed_element(tag) {
            Some((name, opening)) => html.push_str(&format!("{opening}></{name}>")),
            None => html.push_str(tag),
        }
        rest = after;
    }
    html.push_str(rest);
    html
}

/// Up to the end of the tag at the start of `markup`, which a `>` within quotes is not; one that never ends is left alone.
fn tag_len(markup: &str) -> usize {
    let mut quote: Option<u8> = None;
    for (index, byte) in markup.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return index + 1,
            (None, _) => {}
        }
    }
    markup.len()
}

/// The name of an element that is closed where it opens, and its tag without the end.
fn closed_element(tag: &str) -> Option<(&str, &str)> {
    let opening = tag.strip_suffix("/>")?;
    let name = opening.strip_prefix('<')?;
    let name = name.split(|c: char| c.is_whitespace() || c == '/').next()?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_name && !VOID.contains(&name.to_ascii_lowercase().as_str())).then_some((name, opening))
}
