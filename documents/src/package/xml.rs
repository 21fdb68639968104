use roxmltree::{Document, Error, Node, ParsingOptions};

use super::archive::damaged;
use super::attributes;
use crate::ParseError;

/// Office's own nesting stays under 100.
const MAX_DEPTH: usize = 256;
/// An element takes about 70 bytes.
const MAX_NODES: u32 = 6_000_000;

/// One XML part, decoded.
pub(crate) struct Part {
    text: String,
    format: &'static str,
}

impl Part {
    /// UTF-8, or UTF-16 with a byte order mark, as the packaging conventions allow.
    pub(crate) fn decode(bytes: Vec<u8>, format: &'static str) -> Result<Part, ParseError> {
        let utf16 = |read: fn([u8; 2]) -> u16| {
            let units = bytes.chunks_exact(2).skip(1);
            let units = units.map(|pair| read([pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)]));
            String::from_utf16(&units.collect::<Vec<_>>()).ok()
        };
        let text = match bytes.as_slice() {
            [0xFF, 0xFE, ..] => utf16(u16::from_le_bytes),
            [0xFE, 0xFF, ..] => utf16(u16::from_be_bytes),
            [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
            _ => String::from_utf8(bytes).ok(),
        };
        let text = text.ok_or_else(|| damaged(format, "one of its XML parts is not valid UTF-8 or UTF-16"))?;
        Ok(Part { text, format })
    }

    /// The part as a tree. Document type declarations, and with them entities, are refused.
    pub(crate) fn tree(&self) -> Result<Document<'_>, ParseError> {
        if attributes::too_many(&self.text) {
            return Err(ParseError::TooComplex {
                reason: "an element of its XML has more than 1,000 attributes",
            });
        }
        let options = ParsingOptions {
            allow_dtd: false,
            nodes_limit: MAX_NODES,
            ..ParsingOptions::default()
        };
        let tree = Document::parse_with_options(&self.text, options).map_err(|error| match error {
            Error::NodesLimitReached => ParseError::TooLarge {
                format: self.format,
                what: "the number of elements in one of its XML parts".to_owned(),
                limit: "6,000,000",
            },
            error => damaged(
                self.format,
                &format!("one of its XML parts is not well-formed: {error}"),
            ),
        })?;
        if depth_exceeds(tree.root(), MAX_DEPTH) {
            return Err(ParseError::TooComplex {
                reason: "its XML is nested more than 256 elements deep",
            });
        }
        Ok(tree)
    }
}

/// Walks without recursion: readers may recurse over what passed.
fn depth_exceeds(root: Node<'_, '_>, limit: usize) -> bool {
    let mut node = root;
    let mut depth = 0;
    loop {
        if let Some(first) = node.first_child() {
            node = first;
            depth += 1;
            if depth > limit {
                return true;
            }
            continue;
        }
        loop {
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => node = parent,
                None => return false,
            }
            depth = depth.saturating_sub(1);
        }
    }
}

/// The first child element with this local name. Prefixes and namespaces differ between the strict and the transitional form
/// of a document; local names do not.
pub(crate) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// All child elements with this local name.
pub(crate) fn child_named<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

/// Follows a path of local names.
pub(crate) fn find<'a, 'i>(node: Node<'a, 'i>, path: &[&str]) -> Option<Node<'a, 'i>> {
    path.iter().try_fold(node, |node, name| child(node, name))
}

/// The first element below with this local name.
pub(crate) fn descendant<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.descendants().find(|node| node.tag_name().name() == name)
}

/// An attribute by its local name.
pub(crate) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes()
        .find(|attribute| attribute.name() == name)
        .map(|attribute| attribute.value())
}

/// The `val` attribute of a child element, as in `<w:numId w:val="3"/>`.
pub(crate) fn value<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    attribute(child(node, name)?, "val")
}

/// Whether a switch such as `<w:vanish/>` is there and not turned off.
pub(crate) fn is_on(node: Node<'_, '_>, name: &str) -> bool {
    child(node, name).is_some_and(|switch| !matches!(attribute(switch, "val"), Some("0" | "false" | "off" | "none")))
}
