mod columns;
mod layout;
mod list_markers;
mod shapes;
mod slide;
mod text;

use std::collections::{HashMap, HashSet};

use crate::outline::{Outline, title};
use crate::package::{Package, Properties, Relationships, attribute, child, child_named, damaged, main_part};
use crate::pictures::Pictures;
use crate::titles::names_a_part;
use crate::{ParseError, ParsedDocument};

const FORMAT: &str = "PowerPoint presentation";

/// Reads a presentation (ECMA-376 part 1 §19) slide by slide, as it is shown: each is a heading with what stands on it, in reading
/// order, and its speaker's notes. Left out are hidden slides, comments, and what all slides repeat from their master.
pub(crate) fn parse(bytes: &[u8], pictures: &mut Pictures<'_>) -> Result<ParsedDocument, ParseError> {
    let mut package = Package::open(bytes, FORMAT)?;
    let main = main_part(&mut package, "ppt/presentation.xml")?;
    let relationships = Relationships::of(&mut package, &main)?;
    let presentation = package.required(&main)?;
    let tree = presentation.tree()?;
    let properties = Properties::of_package(&mut package)?;
    if tree.root_element().tag_name().name() != "presentation" {
        return Err(damaged(FORMAT, "its main part is no presentation"));
    }
    let mut reader = slide::SlideReader {
        package: &mut package,
        pictures,
        layouts: HashMap::new(),
        outline: Outline::default(),
        title: None,
    };
    let slides = child(tree.root_element(), "sldIdLst");
    let slides = slides.into_iter().flat_map(|list| child_named(list, "sldId"));
    let mut read = HashSet::new();
    for (index, slide) in slides.enumerate() {
        if reader.pictures.are_drawn() {
            break;
        }
        // The id of the slide has no namespace, that of its relationship has.
        let relationship = slide.attributes().find(|attribute| attribute.namespace().is_some());
        let relationship = relationship.map(|found| found.value()).or(attribute(slide, "id"));
        let Some(part) = relationship.and_then(|id| relationships.part(id)) else {
            continue;
        };
        // A slide is in the list once; a list that names one for ever would multiply it.
        if read.insert(part) {
            reader.slide(part, index + 1)?;
        }
    }
    let shown_title = reader.title.filter(|title| !names_a_part(title));
    let (_, blocks) = reader.outline.finish()?;
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: properties.title.or_else(|| shown_title.and_then(|text| title(&text))),
        metadata: properties.metadata,
        blocks,
    })
}

#[cfg(test)]
mod tests;
