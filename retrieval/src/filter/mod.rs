//! Filters over a document's metadata, and over what is known of it besides.

mod condition;
mod listed;
mod parse;
#[cfg(test)]
mod tests;
mod times;

use std::borrow::Cow;

use serde_json::Value;

use condition::Condition;
pub use parse::{FilterError, check_field};

/// A condition on a document's metadata, read from JSON with [`Filter::parse`].
///
/// - `{"product": "widget", "year": {"gte": 2024, "lt": 2026}}`: every member must hold
/// - operators: `eq`, `ne`, `in`, `gt`, `gte`, `lt`, `lte`, `exists`
/// - `{"and": [..]}`, `{"or": [..]}`, `{"not": {..}}` combine filters
/// - `"author.name"` reaches into objects; a member whose own name holds the dot is found first
/// - `$title`, `$mime_type`, `$external_id`, `$collection_id`, `$source_id`, `$created_at` and `$updated_at` (RFC 3339, in UTC, or the beginning of such a time) are what is known of the document, and `$said.author`
///   what it says of itself
/// - a list meets a condition when one of its elements does; `ne` is the opposite of `eq`, so it also holds for
///   documents without the field
/// - numbers compare by value, strings by code point (which orders RFC 3339 times in one zone), other types only for
///   equality; values of different types are never equal and never in order
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Field { path: String, condition: Condition },
}

impl Filter {
    /// Reads a filter; every problem found is reported, up to 50 of them.
    pub fn parse(value: &Value) -> Result<Self, Vec<FilterError>> {
        parse::parse(value).map(Self)
    }

    /// Documents that are in one of the collections with these ids and pass `filter`, where there is one.
    #[must_use]
    pub fn in_collections(ids: impl IntoIterator<Item = String>, filter: Option<Self>) -> Self {
        let ids = ids.into_iter().map(Value::String).collect();
        let is_in = Node::Field {
            path: "$collection_id".to_owned(),
            condition: Condition::In(Box::new(ids)),
        };
        Self(Node::All(
            std::iter::once(is_in).chain(filter.map(|filter| filter.0)).collect(),
        ))
    }

    /// The name that each condition is on, and whether the condition names the values that are asked for (`eq`, `ne`, `in`).
    #[must_use]
    pub fn conditions(&self) -> Vec<(&str, bool)> {
        let mut conditions = Vec::new();
        self.0.conditions(&mut conditions);
        conditions
    }

    /// Whether a document passes; `look` finds what it has under a name.
    pub fn matches<'a>(&self, look: &dyn Fn(&str) -> Option<Cow<'a, Value>>) -> bool {
        self.0.matches(look)
    }
}

impl Node {
    fn conditions<'n>(&'n self, into: &mut Vec<(&'n str, bool)>) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.conditions(into)),
            Self::Not(node) => node.conditions(into),
            Self::Field { path, condition } => into.push((path, condition.names_values())),
        }
    }

    fn matches<'a>(&self, look: &dyn Fn(&str) -> Option<Cow<'a, Value>>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(look)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(look)),
            Self::Not(node) => !node.matches(look),
            Self::Field { path, condition } => condition.holds(look(path).as_deref()),
        }
    }
}

/// The value at a dotted path.
pub(crate) fn field<'a>(metadata: &'a Value, path: &str) -> Option<&'a Value> {
    let object = metadata.as_object()?;
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let (head, tail) = path.split_at_checked(dot)?;
        field(object.get(head)?, tail.get(1..)?)
    })
}
