use crate::{FieldError, Kind};
use serde_json::Value;

/// What is wrong with a payload that cannot be read: which field, and what it must be, in words that are not those of the program.
pub(crate) fn payload_fault<K: Kind>(payload: &Value, error: &serde_json::Error) -> FieldError {
    let said = error.to_string();
    let named = |prefix: &str| Some(said.strip_prefix(prefix)?.split('`').next()?.to_owned());
    if let Some(field) = named("missing field `") {
        return FieldError::new(format!("payload.{field}"), "required", "is required");
    }
    if let Some(field) = named("unknown field `") {
        let field = format!("payload.{field}");
        return FieldError::new(field, "unknown", "is not a field of this kind's payload");
    }
    let field = field_at_fault::<K>(payload, &said);
    let field = field.map_or("payload".to_owned(), |field| format!("payload.{field}"));
    let (code, message) = match said.split_once(", expected ") {
        Some((_, expected)) if said.starts_with("invalid type") || said.starts_with("invalid value") => {
            let code = if said.starts_with("invalid type") {
                "type"
            } else {
                "invalid"
            };
            (code, wanted(expected))
        }
        _ => ("invalid", format!("cannot be read: {said}")),
    };
    FieldError::new(field, code, message)
}

/// The member without which it would fail otherwise, or not at all.
fn field_at_fault<K: Kind>(payload: &Value, said: &str) -> Option<String> {
    let members = payload.as_object()?;
    let is_at_fault = |name: &&String| {
        let mut without = members.clone();
        without.remove(name.as_str());
        K::deserialize(Value::Object(without)).map_or_else(|error| error.to_string() != said, |_| true)
    };
    members.keys().find(is_at_fault).cloned()
}

fn wanted(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "must be a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "must be a whole number".to_owned(),
        "f32" | "f64" => "must be a number".to_owned(),
        "a boolean" => "must be true or false".to_owned(),
        other if other.starts_with("struct ") || other == "a map" => "must be an object".to_owned(),
        other if other.starts_with("a sequence") => "must be a list".to_owned(),
        other => format!("must be {other}"),
    }
}
