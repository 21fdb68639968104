use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::test_sets::{Added, Question, TestSet};
use utoipa::ToSchema;
use uuid::Uuid;

/// Questions to a knowledge base, with what is relevant to them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestSet)]
pub(crate) struct TestSetObject {
    pub(crate) id: Uuid,
    pub(crate) knowledge_base_id: Uuid,
    pub(crate) name: String,
    /// Grows with every change of its questions and judgements.
    pub(crate) revision: i64,
    pub(crate) questions: i64,
    /// Those that somebody has judged.
    pub(crate) judged: i64,
    /// Those that have a relevant document: evaluations ask these.
    pub(crate) scorable: i64,
    pub(crate) created_at: DateTime<Utc>,
}

impl From<TestSet> for TestSetObject {
    fn from(set: TestSet) -> Self {
        Self {
            id: set.id.0,
            knowledge_base_id: set.knowledge_base_id.0,
            name: set.name,
            revision: set.revision,
            questions: set.questions,
            judged: set.judged,
            scorable: set.scorable,
            created_at: set.created_at,
        }
    }
}

/// How relevant a document is.
#[derive(ToSchema)]
#[schema(as = Judgement)]
#[expect(dead_code, reason = "describes a body in the OpenAPI document")]
pub(crate) struct JudgementObject {
    #[schema(required = true)]
    document_id: Option<Uuid>,
    /// Where the judgement names the document so; there need be no such document.
    #[schema(required = true)]
    external_id: Option<String>,
    /// 0: not relevant.
    relevance: i32,
}

/// A question of a test set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestQuestion)]
pub(crate) struct TestQuestionObject {
    pub(crate) id: Uuid,
    pub(crate) test_set_id: Uuid,
    pub(crate) query: String,
    /// `given`, or `sampled` from what clients asked.
    #[schema(example = "given")]
    pub(crate) origin: String,
    /// Null: nobody has judged it.
    #[schema(required = true)]
    pub(crate) judged_at: Option<DateTime<Utc>>,
    #[schema(value_type = Vec<JudgementObject>)]
    pub(crate) relevant: Value,
}

impl From<Question> for TestQuestionObject {
    fn from(question: Question) -> Self {
        Self {
            id: question.id.0,
            test_set_id: question.test_set_id.0,
            query: question.query,
            origin: question.origin,
            judged_at: question.judged_at,
            relevant: question.relevant,
        }
    }
}

/// What adding questions did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AddedQuestions)]
pub(crate) struct AddedQuestionsObject {
    pub(crate) added: usize,
    /// The set had them already; they have the new judgements now, where there are any.
    pub(crate) known: usize,
}

impl From<Added> for AddedQuestionsObject {
    fn from(added: Added) -> Self {
        Self {
            added: added.added,
            known: added.known,
        }
    }
}
