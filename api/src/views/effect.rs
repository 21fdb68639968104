use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::effects::Effect;
use utoipa::ToSchema;

/// One call of a job to the outside, as the ledger has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Effect)]
pub(crate) struct EffectObject {
    /// Which of the job's calls.
    #[schema(example = "call")]
    pub(crate) step: String,
    /// `intended` (being made, or its outcome was lost), `done`, `failed` (it certainly had no effect) or `unknown`.
    pub(crate) state: String,
    /// How often it was made.
    pub(crate) calls: i32,
    /// What was answered; null when a person said that it was done.
    #[schema(required = true)]
    pub(crate) response: Option<Value>,
    #[schema(required = true)]
    pub(crate) error: Option<Value>,
    pub(crate) intended_at: DateTime<Utc>,
    #[schema(required = true)]
    pub(crate) settled_at: Option<DateTime<Utc>>,
}

impl From<Effect> for EffectObject {
    fn from(effect: Effect) -> Self {
        Self {
            step: effect.step,
            state: effect.state,
            calls: effect.calls,
            response: effect.response,
            error: effect.error,
            intended_at: effect.intended_at,
            settled_at: effect.settled_at,
        }
    }
}
