mod binary_bounds;
mod excel;
mod hidden;
mod limits;
mod number;
mod opendocument;
mod pictures;
mod regions;
mod sheet;
mod sheet_parts;
mod sheet_records;

pub(crate) use number::display_number;

use crate::outline::Outline;
use crate::package::{Package, Properties, is_compound_file, is_encrypted_package};
use crate::pictures::Pictures;
use crate::{ParseError, ParsedDocument};

const FORMAT: &str = "workbook";

/// Reads a workbook: Excel's three forms (Office Open XML, its binary variant, and the compound file of before 2007) and
/// OpenDocument. Each visible sheet is a heading, each block of cells that touch a table; the pictures of an Office Open XML sheet are behind its cells.
pub(crate) fn parse(bytes: &[u8], found: &mut Pictures<'_>) -> Result<ParsedDocument, ParseError> {
    let mut package = None;
    let (properties, sheets) = if is_encrypted_package(bytes) {
        return Err(ParseError::Encrypted { format: FORMAT });
    } else if is_compound_file(bytes) {
        excel::compound_file(bytes)?
    } else {
        let package = package.insert(Package::open(bytes, FORMAT)?);
        if package.has("content.xml") {
            opendocument::read(package)?
        } else {
            let properties = Properties::of_package(package)?;
            (properties, excel::package(package, bytes)?)
        }
    };
    let mut outline = Outline::default();
    let mut areas = limits::Areas::default();
    for sheet in sheets {
        if found.are_drawn() {
            break;
        }
        let part = sheet.part.clone();
        outline.heading(1, &sheet.name);
        regions::append(sheet, &mut areas, &mut outline)?;
        if let (Some(package), Some(part)) = (&mut package, part) {
            pictures::append(package, &part, found, &mut outline);
        }
        outline.drop_bare_heading();
    }
    let (_, blocks) = outline.finish()?;
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: properties.title,
        metadata: properties.metadata,
        blocks,
    })
}

#[cfg(test)]
mod binary_tests;
#[cfg(test)]
mod tests;
