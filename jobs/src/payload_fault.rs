use crate::{FieldError, Kind};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Faults of a payload that are told at once.
const FAULTS_MAX: usize = 20;

/// All that is wrong with a payload that cannot be read. Reading stops at the first fault: that one is noted, something that fits is put in its place, and it is read again.
pub(crate) fn payload_faults<K: Kind>(payload: &Value) -> Vec<FieldError> {
    let Some(given) = payload.as_object() else {
        return vec![FieldError::new("payload", "type", "must be an object")];
    };
    let (mut members, mut faults) = (given.clone(), Vec::new());
    if let Some(known) = fields_of::<K>() {
        let surplus = given.keys().filter(|name| !known.contains(*name));
        faults.extend(surplus.take(FAULTS_MAX).map(|name| unknown(name)));
        members.retain(|name, _| known.contains(name));
    }
    let mut noted = BTreeSet::new();
    while faults.len() < FAULTS_MAX {
        match K::deserialize(Value::Object(members.clone())) {
            Ok(kind) => {
                let of_others = kind
                    .validate()
                    .into_iter()
                    .filter(|error| !noted.contains(&error.field));
                faults.extend(of_others.map(|error| FieldError {
                    field: format!("payload.{}", error.field),
                    ..error
                }));
                break;
            }
            Err(error) => {
                let fault = payload_fault::<K>(&Value::Object(members.clone()), &error);
                let name = fault.field.strip_prefix("payload.").map(str::to_owned);
                faults.push(fault);
                let Some(name) = name.filter(|name| noted.insert(name.clone())) else {
                    break;
                };
                let Some(fitting) = with_what_fits::<K>(&members, &name) else {
                    break;
                };
                members = fitting;
            }
        }
    }
    faults
}

/// The names of a payload's members; `None` for a kind that takes any.
fn fields_of<K: Kind>() -> Option<BTreeSet<String>> {
    let said = K::deserialize(json!({"": null})).err()?.to_string();
    let expected = said.strip_prefix("unknown field ``")?;
    // The names stand between backquotes, every second piece.
    let pieces = expected.split('`').enumerate();
    Some(
        pieces
            .filter(|(place, _)| place % 2 == 1)
            .map(|(_, name)| name.to_owned())
            .collect(),
    )
}

/// The members without one, or with a value in its place, so that nothing or something else is at fault.
fn with_what_fits<K: Kind>(members: &Map<String, Value>, name: &str) -> Option<Map<String, Value>> {
    let mut without = members.clone();
    without.remove(name);
    let values = [
        json!(1),
        json!("a"),
        json!(true),
        json!([]),
        json!({}),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("https://a.example/"),
    ];
    let with = |value: Value| {
        let mut with = members.clone();
        with.insert(name.to_owned(), value);
        with
    };
    let mut tried = std::iter::once(without).chain(values.into_iter().map(with));
    tried.find(|members| {
        let payload = Value::Object(members.clone());
        K::deserialize(&payload).map_or_else(
            |error| payload_fault::<K>(&payload, &error).field != format!("payload.{name}"),
            |_| true,
        )
    })
}

fn unknown(name: &str) -> FieldError {
    FieldError::new(
        format!("payload.{name}"),
        "unknown",
        "is not a field of this kind's payload",
    )
}

/// The first that is wrong: which field, and what it must be, in words that are not those of the program.
fn payload_fault<K: Kind>(payload: &Value, error: &serde_json::Error) -> FieldError {
    let said = error.to_string();
    let named = |prefix: &str| Some(said.strip_prefix(prefix)?.split('`').next()?.to_owned());
    if let Some(field) = named("missing field `") {
        return FieldError::new(format!("payload.{field}"), "required", "is required");
    }
    if let Some(field) = named("unknown field `") {
        return unknown(&field);
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

#[cfg(test)]
mod tests {
    use super::payload_faults;
    use crate::kinds::diagnostics::{Noop, Sleep};
    use serde_json::{Value, json};

    fn faults(payload: &Value) -> Vec<(String, String)> {
        let told = payload_faults::<Sleep>(payload);
        told.into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    fn fault(field: &str, code: &str) -> (String, String) {
        (field.to_owned(), code.to_owned())
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let expected = [
            fault("payload.bar", "unknown"),
            fault("payload.foo", "unknown"),
            fault("payload.ms", "invalid"),
        ];
        assert_eq!(faults(&json!({"ms": -1, "foo": 2, "bar": 3})), expected);
        assert_eq!(
            faults(&json!({"foo": 2})),
            [fault("payload.foo", "unknown"), fault("payload.ms", "required")]
        );
        assert_eq!(faults(&json!({"ms": "soon"})), [fault("payload.ms", "type")]);
    }

    #[test]
    fn what_is_no_object_is_told_so_in_plain_words() {
        for payload in [json!([]), json!(3), json!("x")] {
            assert_eq!(faults(&payload), [fault("payload", "type")], "{payload}");
        }
        assert_eq!(payload_faults::<Noop>(&json!({"x": 1}))[0].code, "unknown");
    }

    #[test]
    fn of_very_many_faults_some_are_told() {
        let many: Value = (0..60_000)
            .map(|number| (format!("a{number}"), json!(0)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        assert_eq!(faults(&many).len(), super::FAULTS_MAX);
    }
}
