use super::fields::{Fields, FromFields};
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use store::documents::METADATA_BYTES_MAX;
use store::{BatchId, CollectionId};

const MAX_METADATA_DEPTH: usize = 8;

/// How long a title may be.
pub(super) const TITLE_CHARS: RangeInclusive<usize> = 1..=500;

/// A title that may be absent.
pub(super) fn title(fields: &mut Fields) -> Option<String> {
    fields.optional_text("title", TITLE_CHARS)
}

/// `external_id`, at most 512 characters.
pub(super) fn external_id(fields: &mut Fields) -> Option<String> {
    fields.optional_text("external_id", 1..=512)
}

/// `batch_id`: the batch that counts the document's job.
pub(super) fn batch_id(fields: &mut Fields) -> Option<BatchId> {
    fields.optional_id("batch_id").map(BatchId)
}

/// `collection_id`: the collection that the document is put into.
pub(super) fn collection_id(fields: &mut Fields) -> Option<CollectionId> {
    fields.optional_id("collection_id").map(CollectionId)
}

/// `metadata`, if it is there: an object of at most 16 KiB and eight levels.
pub(crate) fn metadata(fields: &mut Fields) -> Option<Value> {
    let value = fields.value("metadata")?;
    if !value.is_object() {
        fields.error("metadata", "type", "must be an object");
    } else if let Some(name) = reserved_name(&value) {
        let name: String = name.chars().take(100).collect();
        let message = format!(
            "must have no name that begins with $, as {name} does: searches know facts of their own by such names"
        );
        fields.error("metadata", "reserved", message);
    } else if depth_exceeds(&value, MAX_METADATA_DEPTH) {
        fields.error(
            "metadata",
            "too_deep",
            format!("must have at most {MAX_METADATA_DEPTH} levels"),
        );
    } else if value.to_string().len() > METADATA_BYTES_MAX {
        fields.error(
            "metadata",
            "too_large",
            format!("must have at most {METADATA_BYTES_MAX} bytes as JSON"),
        );
    }
    Some(value)
}

fn reserved_name(metadata: &Value) -> Option<&str> {
    let mut names = metadata.as_object()?.keys();
    names.find(|name| name.starts_with('$')).map(String::as_str)
}

/// `acl`, if it is there: who may see the document. With `{}`, only secret keys without a principal do.
pub(crate) fn acl(fields: &mut Fields) -> Option<Value> {
    let value = fields.value("acl")?;
    fields.nested::<Acl>("acl", value).map(|Acl(value)| value)
}

/// What a field says that was not named, or is `null`: nothing.
pub(crate) fn or_empty(value: Option<Value>) -> Value {
    value.unwrap_or_else(|| json!({}))
}

struct Acl(Value);

impl FromFields for Acl {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let public = fields.optional_bool("public");
        let mut names = |field: &str| {
            let value = fields.value(field)?;
            fields.texts(field, value, 0..=1000, 1..=256)
        };
        let (users, groups) = (names("users"), names("groups"));
        let named = users.is_some() || groups.is_some();
        match public {
            Some(true) if named => {
                fields.error("public", "invalid", "cannot be true beside users or groups");
                None
            }
            Some(true) => Some(Self(json!({"public": true}))),
            _ if named => Some(Self(
                json!({"users": users.unwrap_or_default(), "groups": groups.unwrap_or_default()}),
            )),
            _ => Some(Self(json!({}))),
        }
    }
}

/// Whether an object or list lies deeper than `levels`. Bounded by the parser's own limit of 128.
fn depth_exceeds(value: &Value, levels: usize) -> bool {
    let mut inner: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => return false,
    };
    levels == 0 || inner.any(|value| depth_exceeds(value, levels - 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use jobs::FieldError;

    fn read(value: Value) -> Result<(Option<Value>, Option<Value>), Vec<FieldError>> {
        let mut fields = Fields::of(value);
        let read = (metadata(&mut fields), acl(&mut fields));
        fields.finish(Some(read))
    }

    #[test]
    fn what_is_not_named_is_told_from_what_is_empty() {
        assert_eq!(read(json!({})).unwrap(), (None, None));
        let empty = json!({"metadata": {}, "acl": {}});
        assert_eq!(read(empty).unwrap(), (Some(json!({})), Some(json!({}))));
        let private = json!({"acl": {"public": false}});
        assert_eq!(read(private).unwrap().1, Some(json!({})));
        assert_eq!(or_empty(None), json!({}));
    }

    #[test]
    fn a_list_is_kept_in_one_form() {
        assert_eq!(
            read(json!({"acl": {"public": true}})).unwrap().1,
            Some(json!({"public": true}))
        );
        assert_eq!(
            read(json!({"acl": {"users": ["ada"]}})).unwrap().1,
            Some(json!({"users": ["ada"], "groups": []}))
        );
    }

    #[test]
    fn a_list_that_is_not_understood_is_refused() {
        for bad in [
            json!(true),
            json!("public"),
            json!({"publik": true}),
            json!({"public": 1}),
            json!({"users": "ada"}),
            json!({"users": [1]}),
            json!({"users": [""]}),
            json!({"public": true, "users": ["ada"]}),
        ] {
            let errors = read(json!({"acl": bad.clone()})).unwrap_err();
            assert!(errors[0].field.starts_with("acl"), "{bad}");
        }
    }

    #[test]
    fn metadata_is_bounded_in_depth_and_size() {
        let deep = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"a": inner}));
        assert!(read(json!({"metadata": deep(8)})).is_ok());
        assert_eq!(read(json!({"metadata": deep(9)})).unwrap_err()[0].code, "too_deep");
        assert_eq!(
            read(json!({"metadata": {"a": "x".repeat(16 << 10)}})).unwrap_err()[0].code,
            "too_large"
        );
        assert_eq!(read(json!({"metadata": [1]})).unwrap_err()[0].code, "type");
        assert_eq!(
            read(json!({"metadata": {"$title": 1}})).unwrap_err()[0].code,
            "reserved"
        );
    }
}
