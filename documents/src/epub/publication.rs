use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::{FORMAT, part_of};
use crate::ParseError;
use crate::outline::Outline;
use crate::package::{Package, Properties, attribute, child, child_named, damaged, descendant};

/// What the package document (OPF) of a book says.
pub(super) struct Publication {
    pub(super) properties: Properties,
    /// The parts to read, in order, each once.
    pub(super) pages: Vec<String>,
}

/// A file of the book by its name in the manifest.
struct Item<'a> {
    part: String,
    media_type: &'a str,
    properties: &'a str,
}

impl Item<'_> {
    /// The pages of a book; pictures, sound and styles are none.
    fn is_page(&self) -> bool {
        matches!(
            self.media_type.to_ascii_lowercase().as_str(),
            "application/xhtml+xml" | "text/html" | "text/x-oeb1-document" | "application/xml" | "text/xml"
        )
    }

    fn is_navigation(&self) -> bool {
        self.properties.split_whitespace().any(|property| property == "nav")
    }

    /// Called a cover, as where nothing says what is one.
    fn is_called_cover(&self, id: &str) -> bool {
        let name = self.part.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        [id, stem].iter().any(|name| {
            let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
            matches!(letters.to_ascii_lowercase().as_str(), "cover" | "coverpage")
        })
    }
}

impl Publication {
    pub(super) fn read(package: &mut Package<'_>) -> Result<Publication, ParseError> {
        let container = package.required("META-INF/container.xml")?;
        let container = container.tree()?;
        let named = descendant(container.root(), "rootfile").and_then(|file| attribute(file, "full-path"));
        let named = named.and_then(|path| part_of("", path));
        let name = named.ok_or_else(|| damaged(FORMAT, "its container names no package document"))?;
        let part = package.required(&name)?;
        let tree = part.tree()?;
        let root = tree.root_element();
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let missing = |what: &str| damaged(FORMAT, &format!("its package document has no {what}"));
        let manifest = child(root, "manifest").ok_or_else(|| missing("manifest"))?;
        let spine = child(root, "spine").ok_or_else(|| missing("spine"))?;
        let items = child_named(manifest, "item").filter_map(|item| {
            let read = Item {
                part: part_of(folder, attribute(item, "href")?)?,
                media_type: attribute(item, "media-type").unwrap_or_default(),
                properties: attribute(item, "properties").unwrap_or_default(),
            };
            Some((attribute(item, "id")?, read))
        });
        let items: HashMap<&str, Item<'_>> = items.collect();
        let repeated = repeated_pages(root, folder);
        let mut pages: Vec<String> = Vec::new();
        let mut met = HashSet::new();
        let ids = child_named(spine, "itemref").filter_map(|item| attribute(item, "idref"));
        for (position, id) in ids.enumerate() {
            let Some(item) = items.get(id).filter(|item| item.is_page() && !item.is_navigation()) else {
                continue;
            };
            let is_cover = position == 0 && item.is_called_cover(id);
            if !is_cover && !repeated.contains(&item.part) && met.insert(item.part.to_ascii_lowercase()) {
                pages.push(item.part.clone());
            }
        }
        Ok(Publication {
            properties: child(root, "metadata").map(properties).transpose()?.unwrap_or_default(),
            pages,
        })
    }
}

/// The cover and the table of contents of an EPUB 2, as its guide names them: whole pages, not places on one.
fn repeated_pages(root: Node<'_, '_>, folder: &str) -> HashSet<String> {
    let references = child(root, "guide")
        .into_iter()
        .flat_map(|guide| child_named(guide, "reference"));
    references
        .filter(|reference| matches!(attribute(*reference, "type"), Some("cover" | "toc")))
        .filter_map(|reference| attribute(reference, "href"))
        .filter(|address| !address.contains('#'))
        .filter_map(|address| part_of(folder, address))
        .collect()
}

/// The Dublin Core of a book. In the oldest form it stands one element deeper.
fn properties(metadata: Node<'_, '_>) -> Result<Properties, ParseError> {
    let mut properties = Properties::default();
    let mut authors: Vec<&str> = Vec::new();
    for node in metadata.descendants().filter(Node::is_element) {
        let text = node.text().unwrap_or_default();
        let name = node.tag_name().name().to_ascii_lowercase();
        match (name.as_str(), attribute(node, "event"), attribute(node, "property")) {
            ("creator", ..) => {
                if attribute(node, "role").is_none_or(|role| role == "aut") {
                    authors.push(text);
                }
            }
            ("date", Some("modification"), _) | ("meta", _, Some("dcterms:modified")) => {
                properties.add("modified", text);
            }
            ("date", ..) => properties.add("created", text),
            ("meta", ..) => {}
            ("description", ..) => properties.add("description", &without_markup(text)?),
            (name, ..) => properties.add(name, text),
        }
    }
    properties.add("creator", &authors.join(", "));
    Ok(properties)
}

/// Descriptions are often written in HTML.
fn without_markup(text: &str) -> Result<String, ParseError> {
    if !text.contains('<') {
        return Ok(text.to_owned());
    }
    let mut outline = Outline::default();
    crate::html::append_fragment(text, &mut outline)?;
    let blocks = outline.finish()?.1;
    let texts: Vec<String> = blocks.into_iter().map(|block| block.text).collect();
    Ok(texts.join(" "))
}
