use chrono::{DateTime, Datelike, Utc};
use config::Settings;
use jobs::FieldError;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// A request that is read field by field, so that all its errors are known at once.
pub(crate) trait FromFields: Sized {
    /// `None` only when an error was noted.
    fn from_fields(fields: &mut Fields) -> Option<Self>;

    /// Notes what is wrong only where it is sent to: with an installation of these settings. Called first, when every field is still there.
    fn check_against(_fields: &mut Fields, _settings: &Settings) {}
}

/// The fields of a JSON object that have not been read yet, and what was wrong with those that have. `null` counts as absent; a
/// change, where it means more, asks [`is_null`](Fields::is_null) first.
pub(crate) struct Fields {
    /// Where the object is: empty, or `principal.`.
    pub(super) prefix: String,
    pub(super) left: Map<String, Value>,
    pub(super) errors: Vec<FieldError>,
}

impl Fields {
    /// Any other value than an object has no fields, and that is an error.
    pub(crate) fn of(value: Value) -> Self {
        let mut fields = Self {
            prefix: String::new(),
            left: Map::new(),
            errors: Vec::new(),
        };
        super::json::note_nuls(&value, &mut fields.errors);
        match value {
            Value::Object(left) => fields.left = left,
            _ => fields
                .errors
                .push(FieldError::new("", "type", "The body must be a JSON object.")),
        }
        fields
    }

    /// # Errors
    /// All that is wrong, unknown fields included. What is no object lacks none of them: it is another mistake.
    pub(crate) fn finish<T>(mut self, read: Option<T>) -> Result<T, Vec<FieldError>> {
        let of_the_whole = |error: &FieldError| error.field.is_empty() && error.code == "type";
        if self.errors.iter().any(of_the_whole) {
            self.errors
                .retain(|error| of_the_whole(error) || error.code == "contains_nul");
        }
        self.refuse_the_rest();
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(self.errors),
        }
    }

    pub(crate) fn error(&mut self, field: &str, code: &str, message: impl Into<String>) {
        let field = format!("{}{field}", self.prefix);
        // One error a field and code: a text with a NUL at its end may fail another check for the same reason.
        if !self
            .errors
            .iter()
            .any(|error| error.field == field && error.code == code)
        {
            self.errors.push(FieldError {
                field,
                code: code.to_owned(),
                message: message.into(),
            });
        }
    }

    /// Notes errors that were found elsewhere, about fields named from the body down.
    pub(crate) fn note(&mut self, errors: impl IntoIterator<Item = FieldError>) {
        for error in errors {
            self.error(&error.field, &error.code, error.message);
        }
    }

    /// Whether a field that was not read yet is not there.
    pub(crate) fn is_absent(&self, name: &str) -> bool {
        self.left.get(name).is_none_or(Value::is_null)
    }

    /// Whether a field that was not read yet is `null`: in a change that takes it back to what it is by default (RFC 7396).
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(Value::is_null)
    }

    /// Notes that a field which has no default cannot be taken away.
    pub(crate) fn refuse_null(&mut self, name: &str) {
        if self.is_null(name) {
            self.error(name, "required", "is required: it cannot be taken away");
        }
    }

    /// The field's text, if it is one, left to be read.
    pub(crate) fn peek_text(&self, name: &str) -> Option<&str> {
        self.left.get(name)?.as_str()
    }

    /// The value as it is, before it is read.
    pub(crate) fn peek(&self, name: &str) -> Option<&Value> {
        self.left.get(name)
    }

    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn required_value(&mut self, name: &str) -> Option<Value> {
        let value = self.value(name);
        if value.is_none() {
            self.error(name, "required", "is required");
        }
        value
    }

    /// A text that is not blank; `length` in characters.
    pub(crate) fn text(&mut self, name: &str, length: RangeInclusive<usize>) -> Option<String> {
        let value = self.required_value(name)?;
        self.check_text(name, value, length)
    }

    pub(crate) fn optional_text(&mut self, name: &str, length: RangeInclusive<usize>) -> Option<String> {
        let value = self.value(name)?;
        self.check_text(name, value, length)
    }

    /// What people call a thing: a [`text`](Self::text) without the white space around it, so that no two names differ by what nobody sees, and without
    /// control characters: it stands in lines and headings.
    pub(crate) fn name(&mut self, name: &str, length: RangeInclusive<usize>) -> Option<String> {
        let value = self.required_value(name)?;
        self.check_name(name, value, length)
    }

    pub(crate) fn optional_name(&mut self, name: &str, length: RangeInclusive<usize>) -> Option<String> {
        let value = self.value(name)?;
        self.check_name(name, value, length)
    }

    fn check_name(&mut self, name: &str, value: Value, length: RangeInclusive<usize>) -> Option<String> {
        let trimmed = match value {
            Value::String(text) => text.trim().into(),
            other => other,
        };
        let text = self.check_text(name, trimmed, length)?;
        // That there is a U+0000 is noted already.
        if text.chars().any(|letter| letter.is_control() && letter != '\0') {
            self.error(name, "control_character", "must not contain control characters");
            return None;
        }
        Some(text)
    }

    pub(crate) fn check_text(&mut self, name: &str, value: Value, length: RangeInclusive<usize>) -> Option<String> {
        let Value::String(text) = value else {
            self.error(name, "type", "must be a string");
            return None;
        };
        if text.trim().is_empty() {
            self.error(name, "empty", "must not be empty");
            return None;
        }
        // At most four bytes a character: a text far too long is not counted out.
        if text.len() > length.end().saturating_mul(4) || !length.contains(&text.chars().count()) {
            self.error(
                name,
                "length",
                format!("must have {} to {} characters", length.start(), length.end()),
            );
            return None;
        }
        Some(text)
    }

    pub(crate) fn integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.required_value(name)?;
        self.check_integer(name, &value, range)
    }

    pub(crate) fn optional_integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.value(name)?;
        self.check_integer(name, &value, range)
    }

    fn check_integer(&mut self, name: &str, value: &Value, range: RangeInclusive<i64>) -> Option<i64> {
        let Some(number) = value.as_i64() else {
            self.error(name, "type", "must be an integer");
            return None;
        };
        if !range.contains(&number) {
            self.error(
                name,
                "out_of_range",
                format!("must be {} to {}", range.start(), range.end()),
            );
            return None;
        }
        Some(number)
    }

    pub(crate) fn optional_number(&mut self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.value(name)?;
        let Some(number) = value.as_f64() else {
            self.error(name, "type", "must be a number");
            return None;
        };
        if !range.contains(&number) {
            self.error(
                name,
                "out_of_range",
                format!("must be {} to {}", range.start(), range.end()),
            );
            return None;
        }
        Some(number)
    }

    pub(crate) fn optional_bool(&mut self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        if !value.is_boolean() {
            self.error(name, "type", "must be true or false");
        }
        value.as_bool()
    }

    pub(crate) fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        if self.left.get(name).is_none_or(Value::is_null) {
            self.required_value(name)?;
        }
        self.optional_time(name)
    }

    /// An instant that Postgres can hold too.
    pub(crate) fn optional_time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let value = self.value(name)?;
        let time = value.as_str().and_then(parse_time);
        if time.is_none() {
            self.error(
                name,
                "invalid",
                "must be an RFC 3339 time, such as 2030-01-31T08:00:00Z",
            );
        }
        time
    }

    /// One of a few words.
    pub(crate) fn optional_choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.value(name)?;
        let chosen = value
            .as_str()
            .and_then(|text| choices.iter().find(|(word, _)| *word == text));
        if chosen.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.error(name, "invalid", format!("must be one of {}", words.join(", ")));
        }
        chosen.map(|(_, choice)| *choice)
    }

    pub(super) fn refuse_the_rest(&mut self) {
        // A hostile object can have a million fields; its author needs no list of them.
        let unknown: Vec<String> = self
            .left
            .keys()
            .take(20)
            .map(|name| name.chars().take(100).collect())
            .collect();
        for name in unknown {
            self.error(&name, "unknown", "is not a field of this request");
        }
    }
}

/// RFC 3339, in the years 1 to 9999.
pub(super) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (1..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn codes(errors: &[FieldError]) -> Vec<(&str, &str)> {
        errors
            .iter()
            .map(|error| (error.field.as_str(), error.code.as_str()))
            .collect()
    }

    #[test]
    fn every_error_is_found_not_only_the_first() {
        let mut fields = Fields::of(
            json!({"query": " ", "limit": 0, "mode": "magic", "explain": 1, "when": "today", "surplus": true}),
        );
        let read = (
            fields.ids("knowledge_base_ids", 1..=20),
            fields.text("query", 1..=9),
            fields.optional_integer("limit", 1..=100),
            fields.optional_choice("mode", &[("hybrid", 1)]),
            fields.optional_bool("explain"),
            fields.optional_time("when"),
        );
        let errors = fields.finish(Some(read)).unwrap_err();
        let expected = [
            ("knowledge_base_ids", "required"),
            ("query", "empty"),
            ("limit", "out_of_range"),
            ("mode", "invalid"),
            ("explain", "type"),
            ("when", "invalid"),
            ("surplus", "unknown"),
        ];
        assert_eq!(codes(&errors), expected);
    }

    #[test]
    fn what_is_no_object_lacks_no_fields() {
        for value in [json!([]), json!("text"), json!(1)] {
            let mut fields = Fields::of(value);
            let read = fields.text("kind", 1..=9);
            assert_eq!(codes(&fields.finish(read).unwrap_err()), [("", "type")]);
        }
    }

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        let fields = Fields::of(json!({"a": {"b": ["x", "y\u{0}"]}, "c\u{0}": 1}));
        let errors = fields.finish(Some(())).unwrap_err();
        assert!(codes(&errors).contains(&("a.b.1", "contains_nul")));
        assert!(errors.iter().filter(|error| error.code == "contains_nul").count() == 2);
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let mut fields = Fields::of(json!({"a": "äöüß", "b": "äöüßx"}));
        assert!(fields.text("a", 1..=4).is_some());
        assert!(fields.text("b", 1..=4).is_none());
    }

    #[test]
    fn a_name_is_without_the_white_space_around_it() {
        let mut fields =
            Fields::of(json!({"a": " \n a b\u{3000}", "b": "\t", "c": format!("  {} ", "x".repeat(200)), "d": 1}));
        assert_eq!(fields.name("a", 1..=200).as_deref(), Some("a b"));
        assert_eq!(fields.name("b", 1..=200), None);
        assert!(fields.optional_name("c", 1..=200).is_some());
        assert_eq!(fields.optional_name("d", 1..=200), None);
        let errors = fields.finish(Some(())).unwrap_err();
        assert_eq!(codes(&errors), [("b", "empty"), ("d", "type")]);
    }

    #[test]
    fn a_name_holds_no_control_characters() {
        let mut fields = Fields::of(json!({"a": "two\nlines", "b": "\u{1b}[31mred", "c": "nul\u{0}"}));
        assert_eq!(fields.name("a", 1..=200), None);
        assert_eq!(fields.optional_name("b", 1..=200), None);
        fields.optional_name("c", 1..=200);
        let errors = fields.finish(Some(())).unwrap_err();
        let expected = [
            ("c", "contains_nul"),
            ("a", "control_character"),
            ("b", "control_character"),
        ];
        assert_eq!(codes(&errors), expected);
    }

    #[test]
    fn null_is_absent_and_anything_but_an_object_is_refused() {
        assert_eq!(Fields::of(json!({"a": null})).optional_bool("a"), None);
        assert!(
            Fields::of(json!({"a": null})).finish(Some(())).is_err(),
            "unread fields are unknown even when null"
        );
        assert!(Fields::of(json!([])).finish(Some(())).is_err());
    }

    #[test]
    fn a_time_beyond_what_postgres_holds_is_refused() {
        assert!(parse_time("2030-01-31T08:00:00+01:00").is_some());
        for bad in [
            "+262000-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2030-01-31",
            "",
            "now",
        ] {
            assert!(parse_time(bad).is_none(), "{bad}");
        }
    }
}
