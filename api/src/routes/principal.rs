use crate::extract::{Fields, FromFields};
use utoipa::ToSchema;

/// For whom documents are looked at: those that are public, and those whose access list names the user or one of the groups.
#[derive(Debug, ToSchema)]
pub(crate) struct Principal {
    #[schema(min_length = 1, max_length = 256)]
    user: Option<String>,
    #[schema(max_items = 1000)]
    groups: Option<Vec<String>>,
}

impl Principal {
    /// `principal`, where there is one.
    pub(super) fn read(fields: &mut Fields) -> Option<Self> {
        let value = fields.value("principal")?;
        fields.nested("principal", value)
    }

    pub(super) fn into_parts(self) -> (Option<String>, Vec<String>) {
        (self.user, self.groups.unwrap_or_default())
    }
}

impl FromFields for Principal {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let user = fields.optional_text("user", 1..=256);
        let groups = fields
            .value("groups")
            .and_then(|value| fields.texts("groups", value, 0..=1000, 1..=256));
        Some(Self { user, groups })
    }
}
