use serde_json::{Value, json};

/// The value with everything that differs from run to run replaced by what it is: ids, times, durations, workers; and scores.
pub(crate) fn redacted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(redacted).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), field(name, value)))
            .collect(),
        Value::String(text) => json!(text_of(text)),
        other => other.clone(),
    }
}

fn field(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("worker", Value::String(_)) => json!("[worker]"),
        ("trace_id", Value::String(_)) => json!("[trace]"),
        (name, Value::Number(_)) if name.ends_with("_ms") => json!("[ms]"),
        // Tuning moves scores, not the contract.
        (name, Value::Number(_)) if name.ends_with("score") || name == "keyword_share" => json!("[score]"),
        _ => redacted(value),
    }
}

fn text_of(text: &str) -> String {
    if uuid::Uuid::parse_str(text).is_ok() {
        "[id]".to_owned()
    } else if text.len() >= 20 && chrono::DateTime::parse_from_rfc3339(text).is_ok() {
        "[time]".to_owned()
    } else {
        let in_a_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        text.split_inclusive(|c| !in_a_word(c))
            .map(|piece| {
                let word = piece.trim_end_matches(|c| !in_a_word(c));
                match word.len() == 36 && uuid::Uuid::parse_str(word).is_ok() {
                    true => piece.replace(word, "[id]"),
                    false => piece.to_owned(),
                }
            })
            .collect()
    }
}
