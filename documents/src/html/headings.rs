use ego_tree::NodeId;
use html5ever::{LocalName, local_name};
use scraper::{Html, Node};

/// The source of the page with its headings a level lower, but for those of the lowest; `None` where it has none of the first level.
///
/// Readability makes each heading of the first level one of the second (Mozilla's does too, and shows the title above the article). Where a
/// page has several, as exports of Notion, Confluence and Google Docs have, what stood under them would stand beside them.
pub(super) fn lowered(page: &mut Html) -> Option<String> {
    let headings: Vec<(NodeId, LocalName, LocalName)> = page
        .tree
        .nodes()
        .filter_map(|node| {
            let name = &node.value().as_element()?.name.local;
            Some((node.id(), name.clone(), below(name)?))
        })
        .collect();
    let has_first = headings.iter().any(|(_, name, _)| *name == local_name!("h1"));
    if !has_first {
        return None;
    }
    for (id, _, below) in &headings {
        rename(page, *id, below);
    }
    let source = page.html();
    for (id, name, _) in &headings {
        rename(page, *id, name);
    }
    Some(source)
}

fn below(name: &LocalName) -> Option<LocalName> {
    match &**name {
        "h1" => Some(local_name!("h2")),
        "h2" => Some(local_name!("h3")),
        "h3" => Some(local_name!("h4")),
        "h4" => Some(local_name!("h5")),
        "h5" => Some(local_name!("h6")),
        _ => None,
    }
}

fn rename(page: &mut Html, id: NodeId, name: &LocalName) {
    if let Some(mut node) = page.tree.get_mut(id)
        && let Node::Element(element) = node.value()
    {
        element.name.local = name.clone();
    }
}
