use chrono::{DateTime, Utc};
use jobs::kinds::SearchConfiguration;
use serde::Serialize;
use serde_json::Value;
use store::evaluations::{Gate, GateOverride};
use utoipa::ToSchema;
use uuid::Uuid;

/// The test set on which a change of a base's search settings must not lose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gate)]
pub(crate) struct GateObject {
    pub(crate) test_set_id: Uuid,
    /// `ndcg@10`, `recall@10`, `recall@50` or `mrr@10`.
    #[schema(example = "ndcg@10")]
    pub(crate) metric: String,
    /// How much of it a change may lose on average.
    pub(crate) max_loss: f64,
    pub(crate) set_at: DateTime<Utc>,
    /// Changes that were made all the same, the latest 20; the newest first.
    pub(crate) overrides: Vec<GateOverrideObject>,
}

/// A change of search settings that was made although the gate did not let it pass, or was not asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GateOverride)]
pub(crate) struct GateOverrideObject {
    pub(crate) reason: String,
    /// Whose key it was.
    pub(crate) api_key_id: Uuid,
    /// How the base was searched, and how it is since.
    #[schema(value_type = SearchConfiguration)]
    pub(crate) before: Value,
    #[schema(value_type = SearchConfiguration)]
    pub(crate) after: Value,
    pub(crate) created_at: DateTime<Utc>,
}

impl GateObject {
    pub(crate) fn of(gate: Gate, overrides: Vec<GateOverride>) -> Self {
        Self {
            test_set_id: gate.test_set_id.0,
            metric: gate.metric,
            max_loss: gate.max_loss,
            set_at: gate.set_at,
            overrides: overrides.into_iter().map(GateOverrideObject::from).collect(),
        }
    }
}

impl From<GateOverride> for GateOverrideObject {
    fn from(made: GateOverride) -> Self {
        Self {
            reason: made.reason,
            api_key_id: made.api_key_id.0,
            before: made.before,
            after: made.after,
            created_at: made.created_at,
        }
    }
}
