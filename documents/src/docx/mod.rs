mod body;
mod inline;
mod numbering;
mod styles;
mod table;

pub(crate) use styles::{Role, role_of_name};

use body::Body;
use inline::NoteKind;
use numbering::Numbering;
use styles::Styles;

use crate::outline::Outline;
use crate::package::{Package, Part, Properties, Relationships, child, damaged, main_part};
use crate::pictures::Pictures;
use crate::{ParseError, ParsedDocument};

const FORMAT: &str = "Word document";

/// Reads a Word document (ECMA-376 part 1 §17): what its author means to be read, in the order of the text. Left out are
/// headers and footers, comments, deleted and hidden text, and tables of contents.
pub(crate) fn parse(bytes: &[u8], pictures: &mut Pictures<'_>) -> Result<ParsedDocument, ParseError> {
    let mut package = Package::open(bytes, FORMAT)?;
    let main = main_part(&mut package, "word/document.xml")?;
    let relationships = Relationships::of(&mut package, &main)?;
    let mut related = |kind: &str| -> Result<Option<Part>, ParseError> {
        match relationships.of_kind(kind) {
            Some(name) => package.part(name),
            None => Ok(None),
        }
    };
    let styles = match related("styles")? {
        Some(part) => Styles::read(part.tree()?.root_element()),
        None => Styles::default(),
    };
    let numbering = match related("numbering")? {
        Some(part) => Numbering::read(part.tree()?.root_element()),
        None => Numbering::default(),
    };
    let notes = [
        (NoteKind::Footnote, related("footnotes")?),
        (NoteKind::Endnote, related("endnotes")?),
    ];
    let mut note_trees = Vec::new();
    for (kind, part) in &notes {
        if let Some(part) = part {
            note_trees.push((*kind, part.tree()?));
        }
    }
    let properties = Properties::of_package(&mut package)?;
    let document = package.required(&main)?;
    let tree = document.tree()?;
    let missing = || damaged(FORMAT, "its main part holds no document body");
    let content = child(tree.root_element(), "body").ok_or_else(missing)?;

    let mut body = Body {
        package: &mut package,
        pictures,
        relationships,
        styles,
        numbering,
        notes: note_trees
            .iter()
            .flat_map(|(kind, tree)| body::notes(*kind, tree.root_element()))
            .collect(),
        outline: Outline::default(),
        title: None,
        state: body::State::default(),
    };
    body.blocks(content)?;
    body.end();
    let (headings, blocks) = body.outline.finish()?;
    let mut metadata = properties.metadata;
    if let Some(language) = body.styles.language.filter(|_| !metadata.contains_key("lang")) {
        metadata.insert("lang".to_owned(), language.into());
    }
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: body.title.or(properties.title).or_else(|| headings.guessed()),
        metadata,
        blocks,
    })
}

#[cfg(test)]
mod tests;
