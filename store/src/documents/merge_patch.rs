use serde_json::{Map, Value};

/// What a value is after a JSON merge patch (RFC 7396): members that the patch has as null go, objects are merged, and all else that it has takes the place of what was there.
pub(super) fn merge_patch(own: Value, patch: &Value) -> Value {
    let Value::Object(members) = patch else {
        return patch.clone();
    };
    let mut merged = match own {
        Value::Object(own) => own,
        _ => Map::new(),
    };
    for (name, change) in members {
        let own = merged.remove(name).unwrap_or_default();
        if !change.is_null() {
            merged.insert(name.clone(), merge_patch(own, change));
        }
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_examples_of_the_rfc_come_out_as_it_says() {
        for (own, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (
                json!({"a": "foo"}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let merged = merge_patch(own.clone(), &patch);
            assert_eq!(merged, expected, "{own} with {patch}");
            assert_eq!(merge_patch(merged, &patch), expected, "{patch} a second time");
        }
    }
}
