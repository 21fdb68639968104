use serde_json::{Value, json};

/// The value with everything that differs from run to run replaced by what it is: ids, times, durations, workers. Other numbers with
/// a fraction are rounded to three digits.
pub(super) fn redacted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(redacted).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), field(name, value)))
            .collect(),
        Value::String(text) => json!(text_of(text)),
        Value::Number(number) if number.is_f64() => json!((number.as_f64().unwrap() * 1e3).round() / 1e3),
        other => other.clone(),
    }
}

fn field(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("worker", Value::String(_)) => json!("[worker]"),
        ("trace_id", Value::String(_)) => json!("[trace]"),
        (name, Value::Number(_)) if name.ends_with("_ms") => json!("[ms]"),
        _ => redacted(value),
    }
}

fn text_of(text: &str) -> String {
    if uuid::Uuid::parse_str(text).is_ok() {
        "[id]".to_owned()
    } else if text.len() >= 20 && chrono::DateTime::parse_from_rfc3339(text).is_ok() {
        "[time]".to_owned()
    } else {
        text.to_owned()
    }
}
