mod binary_bounds;
mod excel;
mod hidden;
mod limits;
mod number;
mod opendocument;
mod regions;
mod sheet;
mod sheet_parts;
mod sheet_records;

pub(crate) use number::display_number;

use crate::outline::Outline;
use crate::package::{Package, Properties, is_compound_file, is_encrypted_package};
use crate::{ParseError, ParsedDocument};

const FORMAT: &str = "workbook";

/// Reads a workbook: Excel's three forms (Office Open XML, its binary variant, and the compound file of before 2007) and
/// OpenDocument. Each visible sheet is a heading, each block of cells that touch a table.
pub(crate) fn parse(bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    let (properties, sheets) = if is_encrypted_package(bytes) {
        return Err(ParseError::Encrypted { format: FORMAT });
    } else if is_compound_file(bytes) {
        excel::compound_file(bytes)?
    } else {
        let mut package = Package::open(bytes, FORMAT)?;
        if package.has("content.xml") {
            opendocument::read(&mut package)?
        } else {
            let properties = Properties::of_package(&mut package)?;
            (properties, excel::package(&mut package, bytes)?)
        }
    };
    let mut outline = Outline::default();
    let mut areas = limits::Areas::default();
    for sheet in sheets {
        if sheet.cells.is_empty() {
            continue;
        }
        outline.heading(1, &sheet.name);
        regions::append(sheet, &mut areas, &mut outline)?;
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
