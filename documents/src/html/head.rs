use scraper::node::Element;
use scraper::{Html, Node};
use serde_json::{Map, Value};

use crate::outline::title;
use crate::titles::is_of_a_template;
use crate::whitespace::one_line;

/// What a page says about itself.
#[derive(Default)]
pub(super) struct Head {
    /// What is shown above the page, often with the name of the site.
    shown_title: Option<String>,
    /// What is told to other sites: its name alone, or a slogan.
    told_title: Option<String>,
    /// `description` and `lang`, where given.
    pub(super) metadata: Map<String, Value>,
}

/// Longer descriptions are cut: they are not prose.
const MAX_DESCRIPTION_CHARS: usize = 2_000;

pub(super) fn read(page: &Html) -> Head {
    let mut head = Head::default();
    for node in page.tree.nodes() {
        let Node::Element(element) = node.value() else { continue };
        match element.name() {
            "html" => put(&mut head.metadata, "lang", element.attr("lang")),
            "title" if head.shown_title.is_none() && !is_in_svg(element) => {
                let text: String = node
                    .children()
                    .filter_map(|child| child.value().as_text().map(|text| &**text))
                    .collect();
                head.shown_title = title(&text);
            }
            "meta" => read_meta(element, &mut head),
            _ => {}
        }
    }
    head
}

impl Head {
    /// What the page says it is called, as far as its template does not say it of every page.
    pub(super) fn title(&self) -> Option<String> {
        let says_something = |title: &&String| !is_of_a_template(title);
        let shown = self.shown_title.as_ref().filter(says_something);
        let told = self.told_title.as_ref().filter(says_something);
        match (shown, told) {
            (Some(shown), Some(told)) if shown.to_lowercase().contains(&told.to_lowercase()) => Some(told.clone()),
            (shown, told) => shown.or(told).cloned(),
        }
    }
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
        "og:title" if head.told_title.is_none() => head.told_title = content.and_then(title),
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
