use super::{Fields, FromFields};
use serde_json::{Map, Value};

/// The fields of a body, to be read where more is known than the request: what there is to be changed, or which kinds of jobs there are.
pub(crate) struct Unread(Map<String, Value>);

impl FromFields for Unread {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self(std::mem::take(&mut fields.left)))
    }
}

impl Unread {
    pub(crate) fn fields(self) -> Fields {
        Fields::of(Value::Object(self.0))
    }
}
