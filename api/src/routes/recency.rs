use crate::Problem;
use crate::extract::{Caller, Fields, FromFields};
use jobs::kinds;
use retrieval::check_field;
use utoipa::ToSchema;

/// Prefers newer documents: scores are multiplied by `1 - weight + weight * 2^(-age / half_life_days)`. A document without a date counts as
/// very old, one of the future as of today.
#[derive(Debug, ToSchema)]
pub(crate) struct Recency {
    /// What holds the date (RFC 3339, or a day as `2026-03-31`): a member of the metadata, dots reach into objects; or `$updated_at`, `$created_at` or
    /// `$said.<name>`, as in a filter. With a publishable key only the first two of these.
    #[schema(min_length = 1, max_length = 200)]
    field: String,
    #[schema(minimum = 0.01, maximum = 36500)]
    half_life_days: f64,
    /// 0.5 by default.
    #[schema(minimum = 0, maximum = 1)]
    weight: Option<f64>,
}

impl Recency {
    /// `recency`, where there is one.
    pub(crate) fn read(fields: &mut Fields) -> Option<Self> {
        let value = fields.value("recency")?;
        fields.nested("recency", value)
    }

    /// Scores tell how old what they are by is: to a publishable key only of what anybody may know.
    ///
    /// # Errors
    /// [`ProblemCode::Forbidden`](crate::ProblemCode::Forbidden).
    pub(super) fn check_of(&self, caller: &Caller) -> Result<(), Problem> {
        match self.field.as_str() {
            "$updated_at" | "$created_at" => Ok(()),
            _ => caller.refuse_field_of_publishable("recency.field"),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a share between 0 and 1; single precision is plenty"
    )]
    pub(crate) fn into_kind(self) -> kinds::Recency {
        kinds::Recency {
            field: self.field,
            half_life_days: self.half_life_days,
            weight: self.weight.unwrap_or(0.5) as f32,
        }
    }
}

impl FromFields for Recency {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let field = fields.text("field", 1..=200);
        if let Some(Err(message)) = field.as_deref().map(check_field) {
            fields.error("field", "invalid", message);
        }
        let half_life_days = match fields.is_absent("half_life_days") {
            true => fields.required_value("half_life_days").and(None),
            false => fields.optional_number("half_life_days", 0.01..=36_500.0),
        };
        let weight = fields.optional_number("weight", 0.0..=1.0);
        Some(Self {
            field: field?,
            half_life_days: half_life_days?,
            weight,
        })
    }
}
