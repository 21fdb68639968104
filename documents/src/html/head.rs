use scraper::node::Element;
use scraper::{Html, Node};
use serde_json::{Map, Value};

use crate::outline::title;
use crate::whitespace::one_line;

/// What a page says about itself.
#[derive(Default)]
pub(super) struct Head {
    pub(super) title: Option<String>,
    /// `description` and `lang`, where given.
    pub(super) metadata: Map<String, Value>,
}

/// Longer descriptions are cut: they are not prose.
const MAX_DESCRIPTION_CHARS: usize = 2_000;

pub(super) fn read(page: &Html) -> Head {
    let mut head = Head::default();
    let mut title_element = None;
    for node in page.tree.nodes() {
        let Node::Element(element) = node.value() else { continue };
        match element.name() {
            "html" => put(&mut head.metadata, "lang", element.attr("lang")),
            "title" if title_element.is_none() && !is_in_svg(element) => {
                let text: String = node
                    .children()
                    .filter_map(|child| child.value().as_text().map(|text| &**text))
                    .collect();
                title_element = title(&text);
            }
            "meta" => read_meta(element, &mut head),
            _ => {}
        }
    }
    head.title = head.title.or(title_element);
    head
}

fn is_in_svg(element: &Element) -> bool {
    element.name.ns != html5ever::ns!(html)
}

fn read_meta(element: &Element, head: &mut Head) {
    let key = element
        .attr("property")
        .or_else(|| element.attr("name"))
        .unwrap_or_default();
    let content = element.attr("content");
    match key.to_ascii_lowercase().as_str() {
        "og:title" if head.title.is_none() => head.title = content.and_then(title),
        "description" | "og:description" => put(&mut head.metadata, "description", content),
        "author" | "article:author" => put(&mut head.metadata, "author", content),
        "article:published_time" => put(&mut head.metadata, "created", content),
        "article:modified_time" | "og:updated_time" => put(&mut head.metadata, "modified", content),
        _ => {}
    }
}

fn put(metadata: &mut Map<String, Value>, key: &str, value: Option<&str>) {
    let value: String = one_line(value.unwrap_or_default())
        .chars()
        .take(MAX_DESCRIPTION_CHARS)
        .collect();
    if !value.is_empty() && !metadata.contains_key(key) {
        metadata.insert(key.to_owned(), Value::String(value));
    }
}
