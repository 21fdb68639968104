use std::collections::HashSet;

use ego_tree::{NodeId, NodeRef};
use html5ever::{LocalName, local_name};
use scraper::node::Element;
use scraper::{Html, Node};

/// Elements around a button, and nodes in each of them, that are looked at for what else they hold.
const MAX_WRAPPERS: usize = 5;
const MAX_WRAPPED_NODES: usize = 100;

/// Shows a page as if everything on it had been opened: a button that opens a part of the page, or is a heading, becomes text, and what
/// such a button opens is hidden no longer, nor is the panel of a tab, nor `hidden="until-found"`. These are the questions and answers of many pages (the
/// patterns "Accordion", "Disclosure" and "Tabs" of the WAI-ARIA Authoring Practices; Bootstrap).
///
/// Changes the tree itself, so that all who look at it, Readability too, read the same. Tells whether it did.
pub(super) fn open(page: &mut Html) -> bool {
    let found = Found::in_page(page);
    for &(button, ref name) in &found.buttons {
        change(page, button, |element| element.name.local = name.clone());
    }
    for &hidden in &found.hidden {
        change(page, hidden, |element| {
            remove(element, &["hidden", "aria-hidden", "style"])
        });
    }
    for &wrapper in &found.wrappers {
        change(page, wrapper, |element| remove(element, &["class", "id"]));
    }
    !found.buttons.is_empty() || !found.hidden.is_empty()
}

#[derive(Default)]
struct Found {
    /// With the name of the element that each becomes.
    buttons: Vec<(NodeId, LocalName)>,
    /// Elements around these that hold nothing else. Readability would take one of the class `accordion-header` for the head of the page.
    wrappers: Vec<NodeId>,
    hidden: Vec<NodeId>,
}

impl Found {
    fn in_page(page: &Html) -> Found {
        let mut found = Found::default();
        let mut opened: HashSet<&str> = HashSet::new();
        for node in page.tree.nodes() {
            let Node::Element(element) = node.value() else { continue };
            let opens = opens_a_part(element);
            if opens {
                opened.extend(element.attr("aria-controls").unwrap_or_default().split_whitespace());
            }
            if element.name() == "button" {
                let wrappers = wrappers(node);
                if opens || wrappers.iter().any(|wrapper| is_heading(wrapper)) {
                    found.buttons.push((node.id(), text_element(node)));
                    found.wrappers.extend(wrappers.iter().map(NodeRef::id));
                }
            }
        }
        for node in page.tree.nodes() {
            let Node::Element(element) = node.value() else { continue };
            let hidden = element.attr("hidden");
            let until_found = hidden.is_some_and(|until| until.eq_ignore_ascii_case("until-found"));
            // A tab need not name its panel.
            let is_panel = element.attr("role") == Some("tabpanel");
            let is_opened = element.id().is_some_and(|id| opened.contains(id)) && is_part_of_the_text(element);
            if until_found || is_panel || is_opened {
                found.hidden.push(node.id());
            }
        }
        found
    }
}

/// A button, or what acts as one, that opens a part of the page where it stands, not a menu or a dialog above it.
fn opens_a_part(element: &Element) -> bool {
    let is_button = matches!(element.name(), "button" | "a") || matches!(element.attr("role"), Some("button" | "tab"));
    let above = !matches!(element.attr("aria-haspopup"), None | Some("false"));
    let says_so = element.attr("aria-expanded").is_some() || element.attr("aria-controls").is_some();
    is_button && says_so && !above
}

fn is_part_of_the_text(element: &Element) -> bool {
    element.name() != "nav"
        && !matches!(
            element.attr("role"),
            Some("navigation" | "menu" | "listbox" | "dialog" | "alertdialog")
        )
}

/// The elements around a button that hold no letters but its own, innermost first.
fn wrappers(button: NodeRef<'_, Node>) -> Vec<NodeRef<'_, Node>> {
    let holds_only_it = |wrapper: &NodeRef<'_, Node>| {
        let mut nodes = wrapper.descendants();
        let others = nodes.by_ref().take(MAX_WRAPPED_NODES).any(|node| {
            let text = node.value().as_text();
            text.is_some_and(|text| text.chars().any(char::is_alphanumeric))
                && !node
                    .ancestors()
                    .take(MAX_WRAPPED_NODES)
                    .any(|node| node.id() == button.id())
        });
        !others && nodes.next().is_none()
    };
    let around = button.ancestors().take(MAX_WRAPPERS);
    around
        .take_while(|node| {
            node.value()
                .as_element()
                .is_some_and(|element| element.name() != "body")
        })
        .take_while(holds_only_it)
        .collect()
}

fn is_heading(node: &NodeRef<'_, Node>) -> bool {
    let name = node.value().as_element().map(Element::name);
    matches!(name, Some("h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dt" | "summary"))
}

/// A paragraph of its own, but for where none can stand.
fn text_element(button: NodeRef<'_, Node>) -> LocalName {
    let in_line = |node: NodeRef<'_, Node>| {
        is_heading(&node) || node.value().as_element().is_some_and(|element| element.name() == "p")
    };
    if button.ancestors().any(in_line) {
        local_name!("span")
    } else {
        local_name!("p")
    }
}

fn change(page: &mut Html, id: NodeId, change: impl FnOnce(&mut Element)) {
    if let Some(mut node) = page.tree.get_mut(id)
        && let Node::Element(element) = node.value()
    {
        change(element);
    }
}

fn remove(element: &mut Element, attributes: &[&str]) {
    element.attrs.retain(|(name, _)| !attributes.contains(&&*name.local));
}
