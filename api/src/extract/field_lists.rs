//! Lists and objects among the fields.
use super::{Cursor, Fields, FromFields};
use crate::ProblemCode;
use config::Settings;
use jobs::FieldError;
use serde_json::Value;
use std::collections::HashSet;
use std::ops::RangeInclusive;
use uuid::Uuid;

impl Fields {
    /// A list whose items `read` makes of values; a wrong item is named by its place, as `sources.2`.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        value: Value,
        count: RangeInclusive<usize>,
        read: impl Fn(&mut Self, &str, Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = value else {
            self.error(name, "type", "must be a list");
            return None;
        };
        if !count.contains(&items.len()) {
            self.error(
                name,
                "count",
                format!("must have {} to {} entries", count.start(), count.end()),
            );
            return None;
        }
        let wanted = items.len();
        let read: Vec<T> = items
            .into_iter()
            .enumerate()
            .filter_map(|(at, item)| read(self, &format!("{name}.{at}"), item))
            .collect();
        (read.len() == wanted).then_some(read)
    }

    /// A list of texts that are not blank; `length` in characters.
    pub(crate) fn texts(
        &mut self,
        name: &str,
        value: Value,
        count: RangeInclusive<usize>,
        length: RangeInclusive<usize>,
    ) -> Option<Vec<String>> {
        self.list(name, value, count, |fields, name, item| {
            fields.check_text(name, item, length.clone())
        })
    }

    /// A list of ids, each once.
    pub(crate) fn ids(&mut self, name: &str, count: RangeInclusive<usize>) -> Option<Vec<Uuid>> {
        let value = self.required_value(name)?;
        self.check_ids(name, value, count)
    }

    pub(crate) fn optional_ids(&mut self, name: &str, count: RangeInclusive<usize>) -> Option<Vec<Uuid>> {
        let value = self.value(name)?;
        self.check_ids(name, value, count)
    }

    pub(crate) fn optional_id(&mut self, name: &str) -> Option<Uuid> {
        let value = self.value(name)?;
        let id = value.as_str().and_then(|text| Uuid::try_parse(text).ok());
        if id.is_none() {
            self.error(name, "invalid", "must be an id");
        }
        id
    }

    /// `next_cursor` of an answer before. Also the id with hyphens, as answers had it until now: those that were read before an upgrade go on after it.
    pub(crate) fn optional_cursor(&mut self, name: &str) -> Option<Uuid> {
        let value = self.value(name)?;
        let before = |text: &str| Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
        let cursor = value
            .as_str()
            .and_then(|text| Uuid::from_cursor(text).or_else(|| before(text)));
        if cursor.is_none() {
            let code = ProblemCode::InvalidCursor.as_str();
            self.error(name, code, "must be one that this request returned, or be left out");
        }
        cursor
    }

    fn check_ids(&mut self, name: &str, value: Value, count: RangeInclusive<usize>) -> Option<Vec<Uuid>> {
        let ids = self.list(name, value, count, |fields, name, item| {
            let id = item.as_str().and_then(|text| Uuid::try_parse(text).ok());
            if id.is_none() {
                fields.error(name, "invalid", "must be an id");
            }
            id
        })?;
        let mut seen = HashSet::new();
        if let Some(at) = ids.iter().position(|id| !seen.insert(*id)) {
            self.error(&format!("{name}.{at}"), "duplicate", "is listed twice");
            return None;
        }
        Some(ids)
    }

    /// An object in the object.
    pub(crate) fn nested<T: FromFields>(&mut self, name: &str, value: Value) -> Option<T> {
        let Value::Object(left) = value else {
            self.error(name, "type", "must be an object");
            return None;
        };
        let mut inner = Self {
            prefix: format!("{}{name}.", self.prefix),
            left,
            errors: Vec::new(),
        };
        let read = T::from_fields(&mut inner);
        inner.refuse_the_rest();
        let sound = inner.errors.is_empty();
        self.errors.extend(inner.errors);
        read.filter(|_| sound)
    }

    /// Notes what [`FromFields::check_against`] finds in an object in the object, which is left to be read.
    pub(crate) fn check_nested<T: FromFields>(&mut self, name: &str, settings: &Settings) {
        let prefix = format!("{}{name}.", self.prefix);
        if let Some(value) = self.left.get_mut(name) {
            self.errors.append(&mut checked::<T>(prefix, value, settings));
        }
    }

    /// The same of each object of a list. One that is too long is not looked at: reading it says so.
    pub(crate) fn check_nested_list<T: FromFields>(&mut self, name: &str, most: usize, settings: &Settings) {
        let prefix = format!("{}{name}", self.prefix);
        let items = self.left.get_mut(name).and_then(Value::as_array_mut);
        for (at, item) in items
            .filter(|items| items.len() <= most)
            .into_iter()
            .flatten()
            .enumerate()
        {
            self.errors
                .append(&mut checked::<T>(format!("{prefix}.{at}."), item, settings));
        }
    }
}

/// What is wrong with an object at `prefix`, for an installation of these settings. Anything else than an object is for the reading.
fn checked<T: FromFields>(prefix: String, value: &mut Value, settings: &Settings) -> Vec<FieldError> {
    let Value::Object(members) = value else {
        return Vec::new();
    };
    let mut inner = Fields {
        prefix,
        left: std::mem::take(members),
        errors: Vec::new(),
    };
    T::check_against(&mut inner, settings);
    *members = inner.left;
    inner.errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_that_is_listed_twice_is_refused() {
        let id = Uuid::now_v7();
        let mut fields = Fields::of(json!({"ids": [id, id]}));
        assert!(fields.ids("ids", 1..=20).is_none());
        let errors = fields.finish(Some(())).err().unwrap_or_default();
        let found: Vec<_> = errors
            .iter()
            .map(|error| (error.field.as_str(), error.code.as_str()))
            .collect();
        assert_eq!(found, [("ids.1", "duplicate")]);
    }

    #[test]
    fn each_wrong_item_is_named_by_its_place() {
        let mut fields = Fields::of(json!({"ids": ["x", Uuid::now_v7(), 3]}));
        assert!(fields.ids("ids", 1..=20).is_none());
        let errors = fields.finish(Some(())).err().unwrap_or_default();
        assert_eq!(
            errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(),
            ["ids.0", "ids.2"]
        );
    }
}
