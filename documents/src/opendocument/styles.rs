use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::numbering::List;
use crate::docx::{Role, role_of_name};
use crate::package::{attribute, child, find};

/// Styles are based on each other; a longer chain is a circle.
const MAX_CHAIN: usize = 20;

#[derive(Debug, Default)]
struct Style {
    /// As people see it, in lower case.
    name: String,
    parent: Option<String>,
    outline_level: Option<u8>,
    /// Empty where it takes its paragraphs out of their list.
    list: Option<String>,
    hidden: Option<bool>,
    raised: Option<bool>,
}

/// The styles of paragraphs, runs of text, lists and slides, by name.
#[derive(Debug, Default)]
pub(super) struct Styles {
    paragraphs: HashMap<String, Style>,
    texts: HashMap<String, Style>,
    lists: HashMap<String, List>,
    /// How headings are numbered.
    pub(super) outline: List,
    /// Slides in these are not shown.
    hidden_pages: HashSet<String>,
    /// What the document says its language is, such as `de-DE`.
    pub(super) language: Option<String>,
}

impl Styles {
    /// Adds those of `office:styles`, or of `office:automatic-styles`.
    pub(super) fn add(&mut self, styles: Node<'_, '_>) {
        for node in styles.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "style" => self.add_style(node),
                "default-style" if attribute(node, "family") == Some("paragraph") => {
                    self.language = child(node, "text-properties").and_then(language);
                }
                "list-style" => {
                    if let Some(name) = attribute(node, "name") {
                        self.lists.insert(name.to_owned(), List::read(node));
                    }
                }
                "outline-style" => self.outline = List::read(node),
                _ => {}
            }
        }
    }

    fn add_style(&mut self, node: Node<'_, '_>) {
        let Some(name) = attribute(node, "name") else { return };
        let into = match attribute(node, "family") {
            Some("paragraph") => &mut self.paragraphs,
            Some("text") => &mut self.texts,
            Some("drawing-page") => {
                let visibility =
                    find(node, &["drawing-page-properties"]).and_then(|page| attribute(page, "visibility"));
                if visibility == Some("hidden") {
                    self.hidden_pages.insert(name.to_owned());
                }
                return;
            }
            _ => return,
        };
        let text = child(node, "text-properties");
        let shown = attribute(node, "display-name").map_or_else(|| name.replace("_20_", " "), str::to_owned);
        let style = Style {
            name: shown.trim().to_lowercase(),
            parent: attribute(node, "parent-style-name").map(str::to_owned),
            outline_level: attribute(node, "default-outline-level").and_then(|level| level.parse().ok()),
            list: attribute(node, "list-style-name").map(str::to_owned),
            hidden: text.and_then(|text| Some(attribute(text, "display")? == "none")),
            raised: text.and_then(|text| attribute(text, "text-position")).map(is_raised),
        };
        into.insert(name.to_owned(), style);
    }

    /// What a paragraph of this style is. The nearest style of the chain that says so decides.
    pub(super) fn role(&self, name: Option<&str>) -> Role {
        let Some(name) = name else { return Role::Body };
        if !self.paragraphs.contains_key(name) {
            return role_of_name(&name.replace("_20_", " ").to_lowercase()).unwrap_or(Role::Body);
        }
        for style in chain(&self.paragraphs, name) {
            match (style.outline_level, role_of_name(&style.name)) {
                (_, Some(role @ (Role::Title | Role::Contents | Role::Quote | Role::Code))) => return role,
                (Some(level @ 1..), _) => return Role::Heading(level),
                (_, Some(role)) => return role,
                (_, None) => {}
            }
        }
        Role::Body
    }

    /// The level of headings of this style.
    pub(super) fn outline_level(&self, name: &str) -> Option<u8> {
        chain(&self.paragraphs, name).find_map(|style| style.outline_level)
    }

    pub(super) fn list(&self, name: &str) -> Option<&List> {
        self.lists.get(name)
    }

    /// The list that paragraphs of this style are in; empty where they are to be in none.
    pub(super) fn list_of_paragraph(&self, name: &str) -> Option<&str> {
        chain(&self.paragraphs, name).find_map(|style| style.list.as_deref())
    }

    pub(super) fn hides_paragraph(&self, name: &str) -> bool {
        chain(&self.paragraphs, name).find_map(|style| style.hidden) == Some(true)
    }

    /// Whether the style of a run hides or shows it whatever its paragraph says.
    pub(super) fn hides_text(&self, name: &str) -> Option<bool> {
        chain(&self.texts, name).find_map(|style| style.hidden)
    }

    pub(super) fn raises(&self, name: &str) -> Option<bool> {
        chain(&self.texts, name).find_map(|style| style.raised)
    }

    pub(super) fn hides_page(&self, name: &str) -> bool {
        self.hidden_pages.contains(name)
    }
}

fn chain<'s>(styles: &'s HashMap<String, Style>, name: &str) -> impl Iterator<Item = &'s Style> {
    let parent = |style: &&'s Style| styles.get(style.parent.as_deref()?);
    std::iter::successors(styles.get(name), parent).take(MAX_CHAIN)
}

/// `super 58%`, or by how much of the line: `33% 58%`.
fn is_raised(position: &str) -> bool {
    let first = position.split_whitespace().next().unwrap_or_default();
    let percent = first.strip_suffix('%').and_then(|percent| percent.parse::<f32>().ok());
    first == "super" || percent.is_some_and(|percent| percent > 0.0)
}

fn language(text: Node<'_, '_>) -> Option<String> {
    let is_said = |value: &&str| !value.is_empty() && *value != "none";
    let language = attribute(text, "language").filter(is_said)?;
    Some(match attribute(text, "country").filter(is_said) {
        Some(country) => format!("{language}-{country}"),
        None => language.to_owned(),
    })
}
