use serde_json::Value;
use std::path::PathBuf;

/// A vendor's own description of its API; `None`, with the reason printed, where the files are not.
pub(crate) fn specification(file: &str) -> Option<Value> {
    let folder = std::env::var_os("VISUALKIT_SPECS_DIR")
        .map_or_else(|| tests::workspace_root().join("../shared/specs"), PathBuf::from);
    let path = folder.join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!(
            "skipped: {} is missing; VISUALKIT_SPECS_DIR names its folder",
            path.display()
        );
        return None;
    };
    Some(serde_yaml_ng::from_str(&text).unwrap())
}

/// The schema of the JSON that an operation's request takes.
pub(crate) fn request_schema<'s>(specification: &'s Value, path: &str) -> &'s Value {
    let operation = &specification["paths"][path]["post"];
    assert!(operation.is_object(), "there is no POST {path}");
    &operation["requestBody"]["content"]["application/json"]["schema"]
}

/// Asserts that `value` is what `schema` allows. A field that the schema does not know is a fault, whatever it says of others: vendors ignore them,
/// and a misspelt one would do nothing. Of JSON Schema it reads what these files use.
pub(crate) fn conforms(specification: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(fault) = fault(specification, schema, value, at) {
        panic!("{fault}");
    }
}

fn fault(specification: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = specification.pointer(reference.trim_start_matches('#')).unwrap();
        return fault(specification, target, value, at);
    }
    // Beside alternatives the type is not believed: Voyage says `object` of what is a string or a list.
    for alternatives in ["oneOf", "anyOf"] {
        if let Some(several) = schema[alternatives].as_array() {
            let faults: Vec<String> = several
                .iter()
                .filter_map(|one| fault(specification, one, value, at))
                .collect();
            return (faults.len() == several.len()).then(|| faults.join(" | "));
        }
    }
    let is_right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !is_right {
        return Some(format!("{at} is not {}", schema["type"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|allowed| !allowed.contains(value))
    {
        return Some(format!("{at} is not one of {}", schema["enum"]));
    }
    if let Some(items) = value.as_array() {
        if schema["maxItems"]
            .as_u64()
            .is_some_and(|most| items.len() as u64 > most)
        {
            return Some(format!("{at} has too many items"));
        }
        let mut numbered = items.iter().enumerate();
        return numbered.find_map(|(i, item)| fault(specification, &schema["items"], item, &format!("{at}[{i}]")));
    }
    let fields = value.as_object()?;
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            return Some(format!("{at} lacks {name}"));
        }
    }
    let known = schema["properties"].as_object();
    fields.iter().find_map(|(name, value)| match known {
        None => None,
        Some(known) => match known.get(name) {
            None => Some(format!("{at} has no {name}")),
            Some(schema) => fault(specification, schema, value, &format!("{at}.{name}")),
        },
    })
}

#[test]
fn a_request_that_is_wrong_is_noticed() {
    let schema = serde_json::json!({
        "type": "object", "required": ["model"], "properties": {"model": {"type": "string"}, "n": {"type": "array", "items": {"type": "integer"}}},
    });
    let fault = |value: Value| fault(&Value::Null, &schema, &value, "body");
    assert_eq!(fault(serde_json::json!({"model": "m", "n": [1]})), None);
    for wrong in [
        serde_json::json!({}),
        serde_json::json!({"model": 1}),
        serde_json::json!({"model": "m", "n": ["1"]}),
        serde_json::json!({"model": "m", "modle": "m"}),
    ] {
        assert!(fault(wrong.clone()).is_some(), "{wrong}");
    }
}
