//! OpenDocument texts and presentations (ISO/IEC 26300). Spreadsheets are read with those of other makers.

mod body;
mod chart;
mod inline;
mod numbering;
mod slides;
mod styles;
mod table;

use roxmltree::Node;
use serde_json::{Map, Value};

use body::{Body, content};
use styles::Styles;

use crate::outline::title;
use crate::package::{Package, Part, Properties, child, damaged, descendant};
use crate::pictures::Pictures;
use crate::titles::names_a_part;
use crate::{ParseError, ParsedDocument};

const TEXT: &str = "OpenDocument text";
const PRESENTATION: &str = "OpenDocument presentation";

/// Reads a text: what its author means to be read, in the order of the text. Left out are headers and footers, comments, deleted and
/// hidden text, tables of contents and indexes.
pub(crate) fn parse_text(bytes: &[u8], pictures: &mut Pictures<'_>) -> Result<ParsedDocument, ParseError> {
    let (mut package, part) = open(bytes, TEXT)?;
    let tree = part.tree()?;
    let root = tree.root_element();
    let text = content(root, "text").ok_or_else(|| damaged(TEXT, "its main part holds no text"))?;
    let (styles, properties) = about(package.as_mut(), root)?;
    let mut body = Body::new(package.as_mut(), pictures, styles);
    body.blocks(text)?;
    body.end();
    let (headings, blocks) = body.outline.finish()?;
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: body.title.or(properties.title).or_else(|| headings.guessed()),
        metadata: with_language(properties.metadata, body.styles.language),
        blocks,
    })
}

/// Reads a presentation slide by slide, as it is shown. Left out are hidden slides, comments, and what all slides repeat.
pub(crate) fn parse_presentation(bytes: &[u8], pictures: &mut Pictures<'_>) -> Result<ParsedDocument, ParseError> {
    let (mut package, part) = open(bytes, PRESENTATION)?;
    let tree = part.tree()?;
    let root = tree.root_element();
    let presentation =
        content(root, "presentation").ok_or_else(|| damaged(PRESENTATION, "its main part holds no slides"))?;
    let (styles, properties) = about(package.as_mut(), root)?;
    let mut body = Body::new(package.as_mut(), pictures, styles);
    slides::read(&mut body, presentation)?;
    body.end();
    let shown_title = body.title.filter(|title| !names_a_part(title));
    let (_, blocks) = body.outline.finish()?;
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: properties.title.or_else(|| shown_title.and_then(|text| title(&text))),
        metadata: with_language(properties.metadata, body.styles.language),
        blocks,
    })
}

/// The document in its package, or as one XML file.
fn open<'b>(bytes: &'b [u8], format: &'static str) -> Result<(Option<Package<'b>>, Part), ParseError> {
    if !bytes.starts_with(b"PK") {
        return Ok((None, Part::decode(bytes.to_vec(), format)?));
    }
    let mut package = Package::open(bytes, format)?;
    if let Some(manifest) = package.part("META-INF/manifest.xml")?
        && let Ok(tree) = manifest.tree()
        && descendant(tree.root(), "encryption-data").is_some()
    {
        return Err(ParseError::Encrypted { format });
    }
    let content = package.required("content.xml")?;
    Ok((Some(package), content))
}

/// The styles of the document and what it says of itself. Of one XML file both stand in it.
fn about(package: Option<&mut Package<'_>>, root: Node<'_, '_>) -> Result<(Styles, Properties), ParseError> {
    let mut styles = Styles::default();
    let mut properties = Properties::default();
    if let Some(package) = package {
        // Its automatic styles are of headers and footers.
        if let Some(part) = package.part("styles.xml")?
            && let Some(common) = child(part.tree()?.root_element(), "styles")
        {
            styles.add(common);
        }
        properties = Properties::of_part(package, "meta.xml")?;
    } else {
        let about = child(root, "meta").into_iter().flat_map(|meta| meta.children());
        for node in about.filter(Node::is_element) {
            properties.add(node.tag_name().name(), node.text().unwrap_or_default());
        }
        if let Some(common) = child(root, "styles") {
            styles.add(common);
        }
    }
    if let Some(automatic) = child(root, "automatic-styles") {
        styles.add(automatic);
    }
    Ok((styles, properties))
}

fn with_language(mut metadata: Map<String, Value>, language: Option<String>) -> Map<String, Value> {
    if let Some(language) = language {
        metadata.entry("lang").or_insert_with(|| language.into());
    }
    metadata
}

#[cfg(test)]
mod tests;
