use ego_tree::NodeRef;
use ego_tree::iter::Edge;
use scraper::Node;

use super::blocks::{is_block, is_skipped};

/// The language that highlighters name in a class, `language-sh`, of the listing or of the `code` in it.
pub(super) fn language<'a>(pre: NodeRef<'a, Node>) -> &'a str {
    pre.descendants()
        .take(2)
        .filter_map(|node| node.value().as_element()?.attr("class"))
        .flat_map(str::split_whitespace)
        .find_map(|class| class.strip_prefix("language-"))
        .unwrap_or_default()
}

/// The text of a listing, whose lines may be blocks of their own.
pub(super) fn preformatted(pre: NodeRef<'_, Node>) -> String {
    let mut text = String::new();
    let end_line = |text: &mut String| {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    };
    let mut skipping = None;
    for edge in pre.traverse() {
        match edge {
            Edge::Open(_) if skipping.is_some() => {}
            Edge::Open(node) if is_skipped(node, true) => skipping = Some(node.id()),
            Edge::Open(node) => match node.value() {
                Node::Text(piece) => text.push_str(piece),
                Node::Element(element) if element.name() == "br" => text.push('\n'),
                Node::Element(element) if is_block(element.name()) => end_line(&mut text),
                _ => {}
            },
            Edge::Close(node) if skipping == Some(node.id()) => skipping = None,
            Edge::Close(node) => match node.value() {
                Node::Element(element) if skipping.is_none() && is_block(element.name()) => end_line(&mut text),
                _ => {}
            },
        }
    }
    text
}
