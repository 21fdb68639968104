use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 of a JSON value, the same whatever the order of keys and the white space were.
pub(crate) fn json_hash(value: &Value) -> [u8; 32] {
    let mut hasher = Sha256::new();
    add(&mut hasher, value);
    hasher.finalize().into()
}

/// Each value begins with its type and each text with its length, so that no two values feed the hash the same bytes.
fn add(hasher: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hasher.update(b"z"),
        Value::Bool(true) => hasher.update(b"t"),
        Value::Bool(false) => hasher.update(b"f"),
        Value::Number(number) => add_bytes(hasher, b"n", number.to_string().as_bytes()),
        Value::String(text) => add_bytes(hasher, b"s", text.as_bytes()),
        Value::Array(items) => {
            hasher.update(b"a");
            hasher.update(items.len().to_be_bytes());
            items.iter().for_each(|item| add(hasher, item));
        }
        Value::Object(fields) => {
            hasher.update(b"o");
            hasher.update(fields.len().to_be_bytes());
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            for (name, value) in fields {
                add_bytes(hasher, b"k", name.as_bytes());
                add(hasher, value);
            }
        }
    }
}

pub(super) fn add_bytes(hasher: &mut Sha256, kind: &[u8; 1], bytes: &[u8]) {
    hasher.update(kind);
    hasher.update(bytes.len().to_be_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn hash(json: &str) -> [u8; 32] {
        json_hash(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        assert_eq!(
            hash(r#"{"a": 1, "b": {"c": 2, "d": 3}}"#),
            hash(r#"{"b":{"d":3,"c":2},"a":1}"#)
        );
    }

    #[test]
    fn any_other_difference_matters() {
        let all = [
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":2}"#,
            r#"{"b":1}"#,
            r#"{"a":[1]}"#,
            r#"{"a":1,"b":null}"#,
            r#"["a",1]"#,
            r#"["a1"]"#,
            "[[1],2]",
            "[[1,2]]",
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| hash(one) != hash(other)), "{one}");
        }
    }
}
