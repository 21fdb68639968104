use serde_json::{Map, Value};

use super::times::{WANTED, as_written, is_time_of_document};
use super::{Condition, Node};

const MAX_DEPTH: usize = 8;
/// Conditions and combinations in one filter.
const MAX_NODES: usize = 256;
/// Values in all `in` lists of one filter together.
const MAX_LISTED: usize = 1000;
const MAX_PATH_BYTES: usize = 256;
const MAX_STRING_BYTES: usize = 4096;
const MAX_ERRORS: usize = 50;

/// One thing wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct FilterError {
    /// JSON pointer (RFC 6901) into the filter; empty for the filter itself.
    pub path: String,
    pub message: String,
}

pub(super) fn parse(value: &Value) -> Result<Node, Vec<FilterError>> {
    let mut parser = Parser {
        errors: Vec::new(),
        nodes: 0,
        listed: 0,
    };
    let filter = parser.filter(value, "", 0);
    match filter {
        Some(filter) if parser.errors.is_empty() => Ok(filter),
        _ => Err(parser.errors),
    }
}

/// What is known of a document by itself, beside `$said.<name>`.
const FACTS: [&str; 7] = [
    "$title",
    "$mime_type",
    "$external_id",
    "$collection_id",
    "$source_id",
    "$created_at",
    "$updated_at",
];

/// Whether a document can have something under this name.
///
/// # Errors
/// Why not, for people.
pub fn check_field(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > MAX_PATH_BYTES {
        return Err(format!("a field's name has 1 to {MAX_PATH_BYTES} bytes"));
    }
    let of_itself = name.strip_prefix("$said.").is_some_and(|name| !name.is_empty());
    if name.starts_with('$') && !of_itself && !FACTS.contains(&name) {
        return Err(format!(
            "is not known of documents; there are {} and $said.<name>, and other names are of the metadata",
            FACTS.join(", ")
        ));
    }
    Ok(())
}

struct Parser {
    errors: Vec<FilterError>,
    nodes: usize,
    listed: usize,
}

/// Every method answers `None` after it has noted at least one error.
impl Parser {
    fn filter(&mut self, value: &Value, at: &str, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return self.refuse(at, format!("is nested more than {MAX_DEPTH} levels deep"));
        }
        let Some(members) = value.as_object() else {
            return self.refuse(at, format!("must be an object, not {}", type_name(value)));
        };
        let mut parts = Vec::new();
        for (name, member) in members {
            if self.is_full(at) {
                return None;
            }
            let at = pointer(at, name);
            let part = match name.as_str() {
                "and" => self.list(member, &at, depth).map(Node::All),
                "or" => self.list(member, &at, depth).map(Node::Any),
                "not" => self
                    .filter(member, &at, depth + 1)
                    .map(|filter| Node::Not(Box::new(filter))),
                field => self.field(field, member, &at),
            };
            parts.extend(part);
        }
        Some(all(parts))
    }

    fn list(&mut self, value: &Value, at: &str, depth: usize) -> Option<Vec<Node>> {
        let Some(elements) = value.as_array().filter(|elements| !elements.is_empty()) else {
            return self.refuse(at, "must be a list of at least one filter".to_owned());
        };
        let mut filters = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            if self.is_full(at) {
                return None;
            }
            filters.extend(self.filter(element, &format!("{at}/{index}"), depth + 1));
        }
        Some(filters)
    }

    fn field(&mut self, field: &str, value: &Value, at: &str) -> Option<Node> {
        if let Err(message) = check_field(field) {
            return self.refuse(at, message);
        }
        let mut conditions = match value {
            Value::Object(operators) => self.operators(operators, at)?,
            plain => vec![Condition::Equal(self.scalar(plain, at)?)],
        };
        if is_time_of_document(field) {
            let mut written = Vec::with_capacity(conditions.len());
            for condition in conditions {
                // Named like other faults of it, except where the value stands without an operator.
                let at = match value {
                    Value::Object(_) => pointer(at, condition.operator()),
                    _ => at.to_owned(),
                };
                match condition.rewritten(as_written) {
                    Some(condition) => written.push(condition),
                    None => return self.refuse(&at, WANTED.to_owned()),
                }
            }
            conditions = written;
        }
        let nodes = conditions.into_iter().map(|condition| Node::Field {
            path: field.to_owned(),
            condition,
        });
        Some(all(nodes.collect()))
    }

    fn operators(&mut self, operators: &Map<String, Value>, at: &str) -> Option<Vec<Condition>> {
        if operators.is_empty() {
            return self.refuse(at, "names no operator".to_owned());
        }
        let mut conditions = Vec::new();
        for (operator, value) in operators {
            if self.is_full(at) {
                return None;
            }
            conditions.extend(self.condition(operator, value, &pointer(at, operator)));
        }
        Some(conditions)
    }

    fn condition(&mut self, operator: &str, value: &Value, at: &str) -> Option<Condition> {
        Some(match operator {
            "eq" => Condition::Equal(self.scalar(value, at)?),
            "ne" => Condition::NotEqual(self.scalar(value, at)?),
            "in" => Condition::In(Box::new(self.scalars(value, at)?.into_iter().collect())),
            "gt" => Condition::Greater(self.ordered(value, at)?),
            "gte" => Condition::GreaterOrEqual(self.ordered(value, at)?),
            "lt" => Condition::Less(self.ordered(value, at)?),
            "lte" => Condition::LessOrEqual(self.ordered(value, at)?),
            "exists" => match value.as_bool() {
                Some(wanted) => Condition::Exists(wanted),
                None => return self.refuse(at, "must be true or false".to_owned()),
            },
            _ => {
                let message =
                    "is no operator; use eq, ne, in, gt, gte, lt, lte or exists, and dots to reach into objects";
                return self.refuse(at, message.to_owned());
            }
        })
    }

    fn scalars(&mut self, value: &Value, at: &str) -> Option<Vec<Value>> {
        let Some(elements) = value.as_array() else {
            return self.refuse(at, "must be a list of values".to_owned());
        };
        self.listed = self.listed.saturating_add(elements.len());
        if self.listed > MAX_LISTED {
            return self.refuse(
                at,
                format!("brings the listed values of the filter to more than {MAX_LISTED}"),
            );
        }
        let mut scalars = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            scalars.extend(self.scalar(element, &format!("{at}/{index}")));
        }
        Some(scalars)
    }

    fn ordered(&mut self, value: &Value, at: &str) -> Option<Value> {
        if !value.is_number() && !value.is_string() {
            return self.refuse(at, "must be a number or a string".to_owned());
        }
        self.scalar(value, at)
    }

    fn scalar(&mut self, value: &Value, at: &str) -> Option<Value> {
        match value {
            Value::Array(_) | Value::Object(_) => self.refuse(
                at,
                format!("must be a string, number, boolean or null, not {}", type_name(value)),
            ),
            Value::String(text) if text.len() > MAX_STRING_BYTES => {
                self.refuse(at, format!("must not be longer than {MAX_STRING_BYTES} bytes"))
            }
            scalar => Some(scalar.clone()),
        }
    }

    /// Counts one more part of the filter and says whether reading must end here.
    fn is_full(&mut self, at: &str) -> bool {
        self.nodes += 1;
        if self.nodes == MAX_NODES + 1 {
            self.refuse::<()>(at, format!("has more than {MAX_NODES} conditions"));
        }
        self.nodes > MAX_NODES
    }

    fn refuse<T>(&mut self, at: &str, message: String) -> Option<T> {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(FilterError {
                path: at.to_owned(),
                message,
            });
        }
        None
    }
}

fn all(mut nodes: Vec<Node>) -> Node {
    if nodes.len() == 1 {
        nodes.remove(0)
    } else {
        Node::All(nodes)
    }
}

fn pointer(at: &str, member: &str) -> String {
    let shown = member
        .get(..member.floor_char_boundary(MAX_PATH_BYTES))
        .unwrap_or_default();
    format!("{at}/{}", shown.replace('~', "~0").replace('/', "~1"))
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
