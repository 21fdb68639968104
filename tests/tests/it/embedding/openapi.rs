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
    &operation(specification, path)["requestBody"]["content"]["application/json"]["schema"]
}

/// The schema of the JSON that it answers when all is well.
pub(crate) fn response_schema<'s>(specification: &'s Value, path: &str) -> &'s Value {
    let schema = &operation(specification, path)["responses"]["200"]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "nothing is said of what POST {path} answers");
    schema
}

fn operation<'s>(specification: &'s Value, path: &str) -> &'s Value {
    let operation = &specification["paths"][path]["post"];
    assert!(operation.is_object(), "there is no POST {path}");
    operation
}

/// Asserts that `value` is what `schema` allows. A field that the schema does not know is a fault, whatever it says of others: vendors ignore them,
/// and a misspelt one would do nothing. Of JSON Schema it reads what these files use.
pub(crate) fn conforms(specification: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(fault) = fault(specification, schema, value, at) {
        panic!("{fault}");
    }
}

fn fault(specification: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if schema["$ref"].is_string() {
        return fault(specification, resolved(specification, schema), value, at);
    }
    if schema["allOf"].is_array() {
        return fault(specification, &merged(specification, schema), value, at);
    }
    if value.is_null() && schema["nullable"] == true {
        return None;
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
    if !is_of_type(&schema["type"], value) {
        return Some(format!("{at} is not {}", schema["type"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|allowed| !allowed.contains(value))
    {
        return Some(format!("{at} is not one of {}", schema["enum"]));
    }
    bounds(schema, value)
        .map(|what| format!("{at} {what}"))
        .or_else(|| of_items(specification, schema, value, at))
        .or_else(|| of_fields(specification, schema, value, at))
}

fn resolved<'s>(specification: &'s Value, schema: &'s Value) -> &'s Value {
    match schema["$ref"].as_str() {
        Some(reference) => specification.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The parts of an `allOf`, and what stands beside them, as one schema: each part knows only some of the fields.
fn merged(specification: &Value, schema: &Value) -> Value {
    let mut beside = schema.as_object().unwrap().clone();
    let parts = beside.remove("allOf").unwrap_or_default();
    let mut whole = Value::Object(beside);
    for part in parts.as_array().into_iter().flatten() {
        let part = resolved(specification, part);
        let part = match part["allOf"].is_array() {
            true => merged(specification, part),
            false => part.clone(),
        };
        for (name, said) in part.as_object().unwrap() {
            match (name.as_str(), &mut whole[name], said) {
                ("properties", Value::Object(known), Value::Object(more)) => known.extend(more.clone()),
                ("required", Value::Array(known), Value::Array(more)) => known.extend(more.clone()),
                (_, known, said) => *known = said.clone(),
            }
        }
    }
    whole
}

fn is_of_type(named: &Value, value: &Value) -> bool {
    match named.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some(other) => panic!("{other} is no type"),
        None => named
            .as_array()
            .is_none_or(|several| several.iter().any(|one| is_of_type(one, value))),
    }
}

/// What is too many, too few, too long, too short, too large or too small. Bounds that exclude themselves are numbers, as in OpenAPI 3.1; what 3.0 says
/// of them none of these files has.
fn bounds(schema: &Value, value: &Value) -> Option<String> {
    let (measure, least, most) = match value {
        Value::Array(items) => (items.len() as f64, "minItems", "maxItems"),
        Value::String(text) => (text.chars().count() as f64, "minLength", "maxLength"),
        Value::Number(number) => (number.as_f64()?, "minimum", "maximum"),
        _ => return None,
    };
    let bound = |name: &str| schema[name].as_f64();
    let excluded = |name: &str| bound(name).filter(|_| value.is_number());
    let broken = if bound(least).is_some_and(|bound| measure < bound) {
        least
    } else if bound(most).is_some_and(|bound| measure > bound) {
        most
    } else if excluded("exclusiveMinimum").is_some_and(|bound| measure <= bound) {
        "exclusiveMinimum"
    } else if excluded("exclusiveMaximum").is_some_and(|bound| measure >= bound) {
        "exclusiveMaximum"
    } else {
        return None;
    };
    Some(format!("breaks {broken}: {measure}"))
}

fn of_items(specification: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let mut numbered = value.as_array()?.iter().enumerate();
    numbered.find_map(|(i, item)| fault(specification, &schema["items"], item, &format!("{at}[{i}]")))
}

fn of_fields(specification: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
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

#[test]
fn lengths_bounds_alternatives_and_parts_are_kept() {
    let specification = serde_json::json!({"part": {"type": "object", "required": ["a"], "properties": {"a": {"type": "number", "minimum": 0, "maximum": 1}}}});
    let schema = serde_json::json!({
        "allOf": [{"$ref": "#/part"}, {"required": ["b"], "properties": {"b": {"type": "string", "minLength": 2, "maxLength": 3}}}],
        "properties": {
            "c": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer", "exclusiveMinimum": 0}},
            "d": {"type": ["string", "null"]},
            "e": {"type": "string", "nullable": true},
        },
    });
    let fault = |value: &Value| fault(&specification, &schema, value, "body");
    for right in [
        serde_json::json!({"a": 0.5, "b": "ää"}),
        serde_json::json!({"a": 1, "b": "abc", "c": [1, 2], "d": null, "e": null}),
    ] {
        assert_eq!(fault(&right), None, "{right}");
    }
    for (wrong, said) in [
        (serde_json::json!({"b": "ab"}), "lacks a"),
        (serde_json::json!({"a": 0}), "lacks b"),
        (serde_json::json!({"a": 0, "b": "ab", "f": 1}), "has no f"),
        (serde_json::json!({"a": -0.1, "b": "ab"}), "minimum"),
        (serde_json::json!({"a": 1.1, "b": "ab"}), "maximum"),
        (serde_json::json!({"a": "1", "b": "ab"}), "is not \"number\""),
        (serde_json::json!({"a": 0, "b": "a"}), "minLength"),
        (serde_json::json!({"a": 0, "b": "abcd"}), "maxLength"),
        (serde_json::json!({"a": 0, "b": "ab", "c": []}), "minItems"),
        (serde_json::json!({"a": 0, "b": "ab", "c": [1, 2, 3]}), "maxItems"),
        (serde_json::json!({"a": 0, "b": "ab", "c": [0]}), "exclusiveMinimum"),
        (serde_json::json!({"a": 0, "b": "ab", "d": 1}), "body.d is not"),
        (serde_json::json!({"a": 0, "b": "ab", "e": 1}), "body.e is not"),
    ] {
        let found = fault(&wrong).unwrap_or_default();
        assert!(found.contains(said), "{wrong}: {found}");
    }
}
