use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use crate::ParseError;
use crate::outline::Outline;
use crate::package::{Package, attribute, child, child_named, find};
use crate::whitespace::one_line;

/// Appends the texts of a SmartArt diagram as a list, nested as its points are, from its data part.
pub(crate) fn append_diagram(package: &mut Package<'_>, part: &str, outline: &mut Outline) -> Result<(), ParseError> {
    let Some(part) = package.part(part)? else { return Ok(()) };
    let tree = part.tree()?;
    let root = tree.root_element();
    let mut points: HashMap<&str, Node<'_, '_>> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    for point in child(root, "ptLst")
        .into_iter()
        .flat_map(|list| child_named(list, "pt"))
    {
        let is_content = matches!(attribute(point, "type"), None | Some("node" | "asst" | "doc"));
        if let Some(id) = attribute(point, "modelId").filter(|_| is_content) {
            points.insert(id, point);
            order.push(id);
        }
    }
    let mut children: HashMap<&str, Vec<(u32, &str)>> = HashMap::new();
    let mut has_parent: HashSet<&str> = HashSet::new();
    for link in child(root, "cxnLst")
        .into_iter()
        .flat_map(|list| child_named(list, "cxn"))
    {
        if !matches!(attribute(link, "type"), None | Some("parOf")) {
            continue;
        }
        let (Some(parent), Some(below)) = (attribute(link, "srcId"), attribute(link, "destId")) else {
            continue;
        };
        let position = attribute(link, "srcOrd")
            .and_then(|order| order.parse().ok())
            .unwrap_or(0);
        children.entry(parent).or_default().push((position, below));
        has_parent.insert(below);
    }
    // Depth first without recursion; a point is put out once, whatever circles the links make.
    let mut stack: Vec<(&str, usize)> = order
        .iter()
        .rev()
        .filter(|id| !has_parent.contains(*id))
        .map(|id| (*id, 0))
        .collect();
    while let Some((id, depth)) = stack.pop() {
        let Some(point) = points.remove(id) else { continue };
        let text = text_of(point);
        if !text.is_empty() {
            outline.list_item(depth, "- ", &text);
        }
        let mut below = children.remove(id).unwrap_or_default();
        below.sort_unstable();
        let depth = depth + usize::from(!text.is_empty());
        stack.extend(below.into_iter().rev().map(|(_, id)| (id, depth)));
    }
    Ok(())
}

fn text_of(point: Node<'_, '_>) -> String {
    // A placeholder's prompt is no text of the document.
    if find(point, &["prSet"]).and_then(|set| attribute(set, "phldr")) == Some("1") {
        return String::new();
    }
    let runs = child(point, "t").into_iter().flat_map(|body| body.descendants());
    let mut text = String::new();
    for node in runs {
        match node.tag_name().name() {
            "t" if node.parent().is_some_and(|parent| parent.tag_name().name() != "pt") => {
                text.push_str(node.text().unwrap_or_default());
            }
            "p" | "br" => text.push(' '),
            _ => {}
        }
    }
    one_line(&text)
}
