use roxmltree::Node;
use serde_json::{Map, Value};

use super::archive::Package;
use super::relationships::Relationships;
use crate::ParseError;
use crate::outline::title;
use crate::titles::is_of_a_program;
use crate::whitespace::{one_line, truncate};

/// Longer values say nothing about a document.
const MAX_VALUE_BYTES: usize = 2_000;

/// What a document says of itself in `docProps/core.xml`, or `meta.xml` of OpenDocument.
#[derive(Default)]
pub(crate) struct Properties {
    pub(crate) title: Option<String>,
    /// `author`, `created`, `modified`, `lang`, `description`, `subject`, `keywords` where they are there.
    pub(crate) metadata: Map<String, Value>,
}

impl Properties {
    /// Of an Office Open XML package.
    pub(crate) fn of_package(package: &mut Package<'_>) -> Result<Properties, ParseError> {
        let relationships = Relationships::of(package, "")?;
        let part = relationships.of_kind("core-properties").unwrap_or("docProps/core.xml");
        Properties::of_part(package, part)
    }

    /// A part that cannot be read is as good as none: nobody reads a document for its properties.
    pub(crate) fn of_part(package: &mut Package<'_>, name: &str) -> Result<Properties, ParseError> {
        let Some(part) = package.part(name)? else {
            return Ok(Properties::default());
        };
        let mut properties = Properties::default();
        if let Ok(tree) = part.tree() {
            for node in tree.descendants().filter(Node::is_element) {
                properties.add(node.tag_name().name(), node.text().unwrap_or_default());
            }
        }
        Ok(properties)
    }

    /// Adds a property by its element's name; the first of a name counts.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let key = match name {
            "title" => {
                if self.title.is_none() && !is_of_a_program(value) {
                    self.title = title(value);
                }
                return;
            }
            "creator" | "initial-creator" => "author",
            "created" | "creation-date" => "created",
            "modified" | "date" => "modified",
            "language" => "lang",
            "description" => "description",
            "subject" => "subject",
            "keywords" | "keyword" => "keywords",
            _ => return,
        };
        let value = one_line(truncate(value, MAX_VALUE_BYTES)).replace('\0', "\u{FFFD}");
        if !value.is_empty() && !self.metadata.contains_key(key) {
            self.metadata.insert(key.to_owned(), Value::String(value));
        }
    }
}
