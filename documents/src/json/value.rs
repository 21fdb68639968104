use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{damaged, too_deep};
use crate::ParseError;
use crate::whitespace::{one_line, without_nul};

/// A JSON value whose numbers are as written.
pub(super) enum Value {
    /// `null` is the empty text.
    Plain(String),
    List(Vec<Value>),
    /// Members in their order.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// `depth` is how much deeper values may be nested.
    pub(super) fn read(raw: &str, depth: usize) -> Result<Value, ParseError> {
        if depth == 0 {
            return Err(too_deep());
        }
        let mut deserializer = serde_json::Deserializer::from_str(raw);
        Ok(match raw.as_bytes().first() {
            Some(b'{') => {
                let members = deserializer.deserialize_map(Members).map_err(|error| damaged(&error))?;
                let members = members
                    .into_iter()
                    .map(|(key, raw)| Ok((without_nul(key), Value::read(raw.get(), depth - 1)?)));
                Value::Object(members.collect::<Result<_, ParseError>>()?)
            }
            Some(b'[') => {
                let items = deserializer.deserialize_seq(Items).map_err(|error| damaged(&error))?;
                let items = items.into_iter().map(|raw| Value::read(raw.get(), depth - 1));
                Value::List(items.collect::<Result<_, ParseError>>()?)
            }
            Some(b'"') => {
                let text: String = serde_json::from_str(raw).map_err(|error| damaged(&error))?;
                Value::Plain(text.replace("\r\n", "\n").replace(['\r', '\0'], " "))
            }
            _ if raw == "null" => Value::Plain(String::new()),
            _ => Value::Plain(raw.to_owned()),
        })
    }

    pub(super) fn plain(&self) -> Option<&str> {
        match self {
            Value::Plain(text) => Some(text),
            Value::List(_) | Value::Object(_) => None,
        }
    }

    /// Nothing in it says anything.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Value::Plain(text) => text.is_empty(),
            Value::List(items) => items.iter().all(Value::is_empty),
            Value::Object(members) => members.iter().all(|(_, value)| value.is_empty()),
        }
    }

    /// What an object calls itself: its first short `title`, `name` or `subject`.
    pub(super) fn title(&self) -> Option<String> {
        let Value::Object(members) = self else { return None };
        let named = |wanted: &str| {
            members
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(wanted))
                .and_then(|(_, value)| value.plain())
        };
        let title = ["title", "name", "subject"].into_iter().find_map(named)?;
        let title = one_line(title);
        (!title.is_empty() && title.len() <= 200).then_some(title)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element()? {
            read.push(item);
        }
        Ok(read)
    }
}
