use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::listed::Listed;

/// What is asked of one field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Equal(Value),
    NotEqual(Value),
    In(Box<Listed>),
    Greater(Value),
    GreaterOrEqual(Value),
    Less(Value),
    LessOrEqual(Value),
    Exists(bool),
}

impl Condition {
    /// The same, compared with the values as `write` gives them; nothing where it refuses one. It takes texts only.
    pub(super) fn rewritten(self, write: impl Fn(&Value) -> Option<Value>) -> Option<Self> {
        Some(match self {
            Self::Exists(wanted) => Self::Exists(wanted),
            Self::In(listed) => Self::In(Box::new(listed.rewritten(write)?)),
            Self::Equal(value) => Self::Equal(write(&value)?),
            Self::NotEqual(value) => Self::NotEqual(write(&value)?),
            Self::Greater(value) => Self::Greater(write(&value)?),
            Self::GreaterOrEqual(value) => Self::GreaterOrEqual(write(&value)?),
            Self::Less(value) => Self::Less(write(&value)?),
            Self::LessOrEqual(value) => Self::LessOrEqual(write(&value)?),
        })
    }

    /// As it is written.
    pub(super) fn operator(&self) -> &'static str {
        match self {
            Self::Exists(_) => "exists",
            Self::In(_) => "in",
            Self::Equal(_) => "eq",
            Self::NotEqual(_) => "ne",
            Self::Greater(_) => "gt",
            Self::GreaterOrEqual(_) => "gte",
            Self::Less(_) => "lt",
            Self::LessOrEqual(_) => "lte",
        }
    }

    /// Whether it names the values that are asked for: who does not know them learns little from what passes.
    pub(super) fn names_values(&self) -> bool {
        matches!(self, Self::Equal(_) | Self::NotEqual(_) | Self::In(_))
    }

    /// `found` is the field's value, `None` when the document lacks the field.
    pub(super) fn holds(&self, found: Option<&Value>) -> bool {
        match self {
            Self::Exists(wanted) => found.is_some() == *wanted,
            Self::NotEqual(value) => !any_element(found, |element| equal(element, value)),
            Self::Equal(value) => any_element(found, |element| equal(element, value)),
            Self::In(listed) => any_element(found, |element| listed.has(element)),
            Self::Greater(value) => any_element(found, |element| order(element, value) == Some(Ordering::Greater)),
            Self::GreaterOrEqual(value) => {
                any_element(found, |element| order(element, value).is_some_and(Ordering::is_ge))
            }
            Self::Less(value) => any_element(found, |element| order(element, value) == Some(Ordering::Less)),
            Self::LessOrEqual(value) => {
                any_element(found, |element| order(element, value).is_some_and(Ordering::is_le))
            }
        }
    }
}

fn any_element(found: Option<&Value>, holds: impl Fn(&Value) -> bool) -> bool {
    match found {
        None => false,
        Some(Value::Array(elements)) => elements.iter().any(holds),
        Some(value) => holds(value),
    }
}

pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => number_order(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => number_order(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Whole numbers are compared exactly, others as floating point.
fn number_order(left: &Number, right: &Number) -> Option<Ordering> {
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

pub(super) fn whole(number: &Number) -> Option<i128> {
    number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from))
}
