use chrono::{DateTime, Utc};
use jobs::kinds::{EvaluatedRetrieval, SearchConfiguration};
use serde::Serialize;
use serde_json::Value;
use store::evaluations::{Evaluation, Scored};
use utoipa::ToSchema;
use uuid::Uuid;

/// One run of a test set under one or two search configurations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Evaluation)]
pub(crate) struct EvaluationObject {
    /// Also its job's id.
    pub(crate) id: Uuid,
    pub(crate) knowledge_base_id: Uuid,
    pub(crate) test_set_id: Uuid,
    /// One, or two that are compared: the second against the first.
    #[schema(value_type = Vec<SearchConfiguration>)]
    pub(crate) configurations: Value,
    /// `succeeded` once it has ended; until then its job's.
    #[schema(example = "succeeded")]
    pub(crate) state: String,
    /// The test set's when it began.
    #[schema(required = true)]
    pub(crate) revision: Option<i64>,
    /// The base's last change that its searches see at least.
    #[schema(required = true)]
    pub(crate) index_seq: Option<i64>,
    /// The base's last change by now: so many more than `index_seq` have been made since.
    pub(crate) head_seq: i64,
    /// Null until it has ended.
    #[schema(value_type = Option<EvaluatedRetrieval>, required = true)]
    pub(crate) result: Option<Value>,
    pub(crate) created_at: DateTime<Utc>,
    #[schema(required = true)]
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

impl From<Evaluation> for EvaluationObject {
    fn from(evaluation: Evaluation) -> Self {
        Self {
            id: evaluation.id.0,
            knowledge_base_id: evaluation.knowledge_base_id.0,
            test_set_id: evaluation.test_set_id.0,
            configurations: evaluation.configurations,
            state: evaluation.state,
            revision: evaluation.revision,
            index_seq: evaluation.index_seq,
            head_seq: evaluation.head_seq,
            result: evaluation.result,
            created_at: evaluation.created_at,
            ended_at: evaluation.ended_at,
        }
    }
}

/// What an evaluation found of one question.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoredQuestion)]
pub(crate) struct ScoredQuestionObject {
    pub(crate) question_id: Uuid,
    pub(crate) query: String,
    /// One a configuration: `ndcg@10`, `recall@10`, `recall@50` and `mrr@10`, each 0 to 1.
    #[schema(value_type = Vec<std::collections::BTreeMap<String, f64>>)]
    pub(crate) scores: Value,
}

impl From<Scored> for ScoredQuestionObject {
    fn from(scored: Scored) -> Self {
        Self {
            question_id: scored.question_id.0,
            query: scored.query,
            scores: scored.scores,
        }
    }
}
