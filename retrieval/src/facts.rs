use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::filter::field;

/// What a base knows of a document beside its title and the metadata that came with it. Filters and recency reach it by names that begin with `$`; see
/// [`Filter`](crate::Filter).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub mime_type: String,
    /// Its owner's own id.
    pub external_id: Option<String>,
    /// The collection that it is in.
    pub collection_id: Option<Uuid>,
    /// The source that it comes from.
    pub source_id: Option<Uuid>,
    /// When it was first submitted, in seconds since 1970.
    pub created_at: i64,
    /// When its content, metadata or access list last changed here, in seconds since 1970.
    pub updated_at: i64,
    /// What the document says of itself: an object, or null.
    pub said: Value,
}

impl Facts {
    /// The value of a name, without its `$`.
    pub(crate) fn field<'a>(&'a self, title: &'a str, name: &str) -> Option<Cow<'a, Value>> {
        let text = |text: &str| Some(Cow::Owned(Value::String(text.to_owned())));
        match name {
            "title" => text(title),
            "mime_type" => text(&self.mime_type),
            "external_id" => text(self.external_id.as_deref()?),
            "collection_id" => text(&self.collection_id?.to_string()),
            "source_id" => text(&self.source_id?.to_string()),
            "created_at" => text(&time(self.created_at)?),
            "updated_at" => text(&time(self.updated_at)?),
            _ => field(&self.said, name.strip_prefix("said.")?).map(Cow::Borrowed),
        }
    }

    /// What they take of main memory beside themselves, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.mime_type.len() + self.external_id.as_ref().map_or(0, String::len)
    }
}

/// RFC 3339, in UTC and whole seconds, so that times are in order as texts.
fn time(seconds: i64) -> Option<String> {
    let time: DateTime<Utc> = DateTime::from_timestamp(seconds, 0)?;
    Some(time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_name_has_its_value_and_what_is_not_known_has_none() {
        let facts = Facts {
            mime_type: "text/html".to_owned(),
            external_id: None,
            collection_id: Some(Uuid::from_u128(6)),
            source_id: Some(Uuid::from_u128(7)),
            created_at: 0,
            updated_at: 1_795_991_255,
            said: json!({"author": {"name": "Ada"}}),
        };
        let shown = |name: &str| facts.field("Amber", name).map(Cow::into_owned);
        assert_eq!(shown("title").unwrap(), "Amber");
        assert_eq!(shown("mime_type").unwrap(), "text/html");
        assert_eq!(shown("collection_id").unwrap(), "00000000-0000-0000-0000-000000000006");
        assert_eq!(shown("source_id").unwrap(), "00000000-0000-0000-0000-000000000007");
        assert_eq!(shown("created_at").unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(shown("updated_at").unwrap(), "2026-11-29T22:27:35Z");
        assert_eq!(shown("said.author.name").unwrap(), "Ada");
        for name in ["external_id", "said", "said.date", "author"] {
            assert_eq!(shown(name), None, "{name}");
        }
    }
}
