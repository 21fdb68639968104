use crate::{Problem, ProblemCode};
use jobs::FieldError;
use serde_json::Value;

/// # Errors
/// [`ProblemCode::InvalidUtf8`]; [`ProblemCode::MalformedJson`], also for nesting beyond 128 levels.
pub(super) fn parse_json(bytes: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("is not UTF-8 from byte {} on", error.valid_up_to());
        Problem::invalid(vec![FieldError::new("body", "invalid_utf8", message)])
    })?;
    serde_json::from_str(text)
        .map_err(|error| Problem::new(ProblemCode::MalformedJson, format!("The body is not JSON: {error}.")))
}

/// More than these are not listed: a hostile body can have a million.
const MAX_NULS: usize = 20;

/// Notes the texts that contain U+0000, names of fields included: Postgres cannot hold it. The work is that of looking at the body
/// once, however long its names are: where a value is becomes text only where something is wrong with it.
pub(super) fn note_nuls(value: &Value, errors: &mut Vec<FieldError>) {
    note_below(value, &Place::Body, errors);
}

/// Where a value is. Each level borrows the one above it, so that going down copies nothing.
enum Place<'a> {
    Body,
    Member(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// As `payload.sources.2`; of a long name the beginning.
    fn text(&self) -> String {
        let (above, name) = match self {
            Self::Body => return String::new(),
            Self::Member(above, name) => (above, name.chars().take(100).collect::<String>().replace('\0', "\\0")),
            Self::Item(above, index) => (above, index.to_string()),
        };
        match above {
            Self::Body => name,
            above => format!("{}.{name}", above.text()),
        }
    }
}

fn note_below(value: &Value, at: &Place<'_>, errors: &mut Vec<FieldError>) {
    match value {
        Value::String(text) if text.contains('\0') => errors.push(nul(at)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if errors.len() >= MAX_NULS {
                    return;
                }
                note_below(item, &Place::Item(at, index), errors);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                if errors.len() >= MAX_NULS {
                    return;
                }
                let at = Place::Member(at, name);
                if name.contains('\0') {
                    errors.push(nul(&at));
                }
                note_below(value, &at, errors);
            }
        }
        _ => {}
    }
}

fn nul(at: &Place<'_>) -> FieldError {
    FieldError::new(at.text(), "contains_nul", "contains U+0000, which no text may")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn nuls(value: &Value) -> Vec<String> {
        let mut errors = Vec::new();
        note_nuls(value, &mut errors);
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn each_place_with_a_nul_is_named() {
        let value = json!({"a": {"b": ["x", "y\0", {"c": "\0"}]}, "d\0": {"e": "\0"}, "f": 1});
        assert_eq!(nuls(&value), ["a.b.1", "a.b.2.c", "d\\0", "d\\0.e"]);
        assert_eq!(nuls(&json!("\0")), [""]);
    }

    /// Were the long name copied for every text below it, this would copy eight terabytes and be ended by the runner.
    #[test]
    fn long_names_above_many_texts_cost_nothing() {
        let name = "a".repeat(8 << 20);
        assert!(nuls(&json!({ name: vec![""; 1 << 20] })).is_empty());
    }

    #[test]
    fn of_many_nuls_and_of_long_names_only_the_beginning_is_shown() {
        let name = "ä".repeat(1 << 20);
        let found = nuls(&json!({ name: vec!["\0"; 1000] }));
        assert_eq!(found.len(), MAX_NULS);
        assert_eq!(found[1], format!("{}.1", "ä".repeat(100)));
        let names: Value = (0..1000).map(|n| (format!("\0{n}"), json!(""))).collect();
        assert_eq!(nuls(&names).len(), MAX_NULS);
    }

    #[test]
    fn bad_bytes_bad_json_and_deep_json_are_told_apart_and_none_panics() {
        assert_eq!(
            parse_json(b"{\"a\": \"\xff\"}").unwrap_err().code(),
            ProblemCode::InvalidUtf8
        );
        for bad in ["", "{", "{\"a\": 1e999}", "\"\\ud800\"", &"[".repeat(100_000)] {
            assert_eq!(
                parse_json(bad.as_bytes()).unwrap_err().code(),
                ProblemCode::MalformedJson
            );
        }
    }
}
