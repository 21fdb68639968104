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

/// Notes every text that contains U+0000, names of fields included: Postgres cannot hold it.
pub(super) fn note_nuls(value: &Value, at: &str, errors: &mut Vec<FieldError>) {
    const MESSAGE: &str = "contains U+0000, which no text may";
    if errors.len() >= 100 {
        return;
    }
    let below = |name: &str| {
        if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}.{name}")
        }
    };
    match value {
        Value::String(text) if text.contains('\0') => errors.push(FieldError::new(at, "contains_nul", MESSAGE)),
        Value::Array(items) => {
            // The path is only made where it may be needed: a list of a million numbers costs a million comparisons, no more.
            for (index, item) in items
                .iter()
                .enumerate()
                .filter(|(_, item)| !(item.is_number() || item.is_boolean() || item.is_null()))
            {
                note_nuls(item, &below(&index.to_string()), errors);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                if name.contains('\0') {
                    errors.push(FieldError::new(
                        below(&name.replace('\0', "\\0")),
                        "contains_nul",
                        MESSAGE,
                    ));
                }
                note_nuls(value, &below(name), errors);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

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
