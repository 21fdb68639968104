use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_smoothie::{Config, Readability};
use ego_tree::NodeRef;
use scraper::{Html, Node};

use super::blocks::{Content, is_skipped};
use super::tree;
use crate::ParseError;

/// An article with fewer letters and digits is a guess; the body is a better one.
const ENOUGH: usize = 200;
/// An article with less than this share of the body's text has probably lost sections of the page.
const LEAST_SHARE: usize = 4;
/// Beyond these sizes a page is not scored, which takes time in its text times its depth, and its whole body is read.
const MAX_SCORED_BYTES: usize = 2 * 1024 * 1024;
const MAX_SCORED_NODES: usize = 50_000;

/// A page as Readability is given it.
pub(super) struct Scored<'s> {
    pub(super) source: &'s str,
    pub(super) has_lowered_headings: bool,
}

/// The main content of a page: what Readability finds, or else the body without navigation, header and footer.
pub(super) fn find<'p>(scored: &Scored<'_>, page: &'p Html) -> Result<Found<'p>, ParseError> {
    if let Some(article) = article(scored.source, page) {
        let article = Found::Article {
            tree: tree::fragment(&article)?,
            has_lowered_headings: scored.has_lowered_headings,
        };
        let found = letters(&article.content());
        let body = letters(&Found::Body(page).content());
        if body == 0 || (found >= ENOUGH && found * LEAST_SHARE >= body) {
            return Ok(article);
        }
    }
    Ok(Found::Body(page))
}

/// Where the main content is.
pub(super) enum Found<'p> {
    Article { tree: Html, has_lowered_headings: bool },
    Body(&'p Html),
}

impl Found<'_> {
    pub(super) fn content(&self) -> Content<'_> {
        match self {
            Found::Article {
                tree,
                has_lowered_headings,
            } => Content {
                tree,
                chrome: true,
                has_lowered_headings: *has_lowered_headings,
            },
            Found::Body(page) => Content {
                tree: page,
                chrome: false,
                has_lowered_headings: false,
            },
        }
    }
}

fn article(source: &str, page: &Html) -> Option<String> {
    if source.len() > MAX_SCORED_BYTES || page.tree.values().count() > MAX_SCORED_NODES {
        return None;
    }
    let config = Config {
        disable_json_ld: true,
        ..Config::default()
    };
    // The library reads pages we do not know; if one makes it panic, the body still is a good answer.
    let scored = catch_unwind(AssertUnwindSafe(|| {
        Readability::new(source, None, Some(config)).ok()?.parse().ok()
    }));
    scored.ok().flatten().map(|article| article.content.to_string())
}

fn letters(content: &Content<'_>) -> usize {
    let mut count = 0;
    let mut next = Some(content.tree.tree.root());
    while let Some(node) = next {
        let skipped = is_skipped(node, content.chrome);
        if let Node::Text(text) = node.value() {
            count += text.chars().filter(|c| c.is_alphanumeric()).count();
        }
        next = if skipped {
            after(node)
        } else {
            node.first_child().or_else(|| after(node))
        };
    }
    count
}

/// The next node in document order that is not inside `node`.
pub(super) fn after<T>(node: NodeRef<'_, T>) -> Option<NodeRef<'_, T>> {
    node.next_sibling()
        .or_else(|| node.ancestors().find_map(|ancestor| ancestor.next_sibling()))
}
