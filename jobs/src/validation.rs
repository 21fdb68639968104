use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One field of a request that cannot be accepted, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where: `payload.ms`, `knowledge_base_ids.0`.
    pub field: String,
    /// Stable, for programs: `required`, `length`, `out_of_range`, `invalid`, `unknown`, … docs/API.md lists them all.
    pub code: String,
    /// For people.
    pub message: String,
}

impl FieldError {
    #[must_use]
    pub fn new(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: code.to_owned(),
            message: message.into(),
        }
    }
}
