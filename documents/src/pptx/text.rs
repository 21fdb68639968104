use roxmltree::Node;

use super::list_markers::ListMarkers;
use crate::drawing::{chosen_content, linear};
use crate::outline::Outline;
use crate::package::{attribute, child, child_named};

const MAX_LEVEL: usize = 8;

/// All text of a text body, a line a paragraph.
pub(super) fn plain(body: Node<'_, '_>) -> String {
    let lines: Vec<String> = child_named(body, "p").map(paragraph).collect();
    lines.join("\n")
}

/// Appends the paragraphs of a text body. Those of a list placeholder have bullets unless they say otherwise, others if they say so.
pub(super) fn append(body: Node<'_, '_>, is_list: bool, outline: &mut Outline) {
    let paragraphs: Vec<_> = child_named(body, "p").map(|node| (node, paragraph(node))).collect();
    let with_text = paragraphs.iter().filter(|(_, text)| !text.trim().is_empty()).count();
    let mut markers = ListMarkers::default();
    for (node, text) in paragraphs {
        if text.trim().is_empty() {
            continue;
        }
        let properties = child(node, "pPr");
        let has = |name| properties.and_then(|properties| child(properties, name));
        let level = properties.and_then(|properties| attribute(properties, "lvl")?.parse().ok());
        let level: usize = level.unwrap_or(0).min(MAX_LEVEL);
        if let Some(numbers) = has("buAutoNum") {
            let start = attribute(numbers, "startAt")
                .and_then(|start| start.parse().ok())
                .unwrap_or(1);
            let marker = markers.number(level, attribute(numbers, "type").unwrap_or_default(), start);
            outline.list_item(level, &marker, &text);
            continue;
        }
        markers.end_below(level);
        let inherits = is_list && with_text > 1 && has("buNone").is_none();
        if inherits || level > 0 || has("buChar").is_some() || has("buBlip").is_some() {
            outline.list_item(level, "- ", &text);
        } else {
            outline.paragraph(&text);
        }
    }
}

fn paragraph(node: Node<'_, '_>) -> String {
    let mut text = String::new();
    append_runs(node, &mut text);
    text
}

fn append_runs(node: Node<'_, '_>, text: &mut String) {
    for child in node.children().filter(Node::is_element) {
        match child.tag_name().name() {
            "t" => text.push_str(&child.text().unwrap_or_default().replace('\u{B}', "\n")),
            "br" => text.push('\n'),
            "tab" => text.push('\t'),
            "oMath" | "oMathPara" => text.push_str(&linear(child)),
            "AlternateContent" => {
                if let Some(content) = chosen_content(child) {
                    append_runs(content, text);
                }
            }
            name if name.ends_with("Pr") => {}
            _ => append_runs(child, text),
        }
    }
}
