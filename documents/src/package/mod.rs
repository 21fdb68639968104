//! Reads the parts of an Office Open XML or OpenDocument file: XML documents in a ZIP archive, tied by relationships.

mod archive;
mod attributes;
mod properties;
mod relationships;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
mod xml;

pub(crate) use archive::{Package, damaged, is_compound_file, is_encrypted_package};
pub(crate) use properties::Properties;
pub(crate) use relationships::{Relationships, main_part, resolve};
pub(crate) use xml::{Part, attribute, child, child_named, descendant, find, is_on, value};
