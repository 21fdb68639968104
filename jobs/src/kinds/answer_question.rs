use super::{BaseAt, RerankError, Viewer};
use crate::kind::RetryPolicy;
use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{ChunkId, CollectionId, DocumentId, KnowledgeBaseId};
use utoipa::ToSchema;

/// Answers a question from the knowledge bases, with citations, each sentence checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AnswerQuestion {
    pub knowledge_bases: Vec<BaseAt>,
    pub question: String,
    /// What the metadata of the documents must be like that it is made from.
    #[serde(default)]
    pub filter: Option<Value>,
    /// Only documents in one of these are read; all when there is none.
    #[serde(default)]
    pub collections: Vec<CollectionId>,
    pub viewer: Viewer,
    /// Orders the passages that the answer is made from.
    #[serde(default)]
    pub reranker: Option<String>,
}

impl Kind for AnswerQuestion {
    const NAME: &'static str = "answer_question";
    const POOL: Pool = Pool::Retrieval;
    const RETRY: RetryPolicy = RetryPolicy::INTERACTIVE;

    fn knowledge_bases(&self) -> Vec<KnowledgeBaseId> {
        BaseAt::ids(&self.knowledge_bases)
    }
}

/// What sources say of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Supported,
    Unsupported,
    Contradicted,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerOutcome {
    Answered,
    /// Nothing that was found supports an answer; `reason` says what was missing.
    Abstained,
    HandedOff,
}

/// An answer as its job keeps it: shown without the sentences whose source was deleted or withdrawn from `viewer` since.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptAnswer {
    pub viewer: Viewer,
    #[serde(flatten)]
    pub answer: Answer,
}

/// An answer, sentence by sentence.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// Empty when the outcome is not `answered`.
    pub answer: String,
    pub sentences: Vec<AnsweredSentence>,
    pub citations: Vec<Citation>,
    /// The lowest sentence score, 0 to 1: an answer is as well supported as its weakest sentence.
    pub support: f32,
    pub outcome: AnswerOutcome,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What wrote it; `extractive` quotes sentences and needs no provider.
    pub model: String,
    /// Which reranker ordered the passages; `none` when fusion alone did.
    #[serde(default = "no_reranker")]
    pub reranker: String,
    /// Why they are not reranked, although that was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerank_error: Option<RerankError>,
    pub stale: bool,
    /// The trace of request and job, as W3C Trace Context writes it.
    pub trace_id: String,
    /// Of all of it.
    pub took_ms: u64,
    pub timings: AnswerTimings,
}

fn no_reranker() -> String {
    "none".to_owned()
}

/// Where the time went, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct AnswerTimings {
    pub search_ms: u64,
    pub compose_ms: u64,
    pub check_ms: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnsweredSentence {
    pub text: String,
    pub verdict: Verdict,
    /// 0 to 1.
    pub score: f32,
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub citations: Vec<ChunkId>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Citation {
    #[schema(value_type = uuid::Uuid)]
    pub chunk_id: ChunkId,
    #[schema(value_type = uuid::Uuid)]
    pub document_id: DocumentId,
    pub title: String,
    /// The id that the document was submitted under. Like what follows it is not kept with the answer, but read when that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The address of the page that the document is, where it comes from a web source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the document was found to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The chunk's place in its document, from 0; absent when the document has no such chunk any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<i32>,
    /// The words of the source; several sentences of one chunk are joined by ` … `.
    pub quote: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use store::jobs::ERASED_ANSWER;

    fn kept() -> KeptAnswer {
        let chunk = ChunkId::generate();
        let citation = Citation {
            chunk_id: chunk,
            document_id: DocumentId::generate(),
            title: "secret title".to_owned(),
            external_id: None,
            url: None,
            mime_type: None,
            ordinal: None,
            quote: "secret quote".to_owned(),
        };
        let sentence = AnsweredSentence {
            text: "secret sentence".to_owned(),
            verdict: Verdict::Supported,
            score: 0.9,
            citations: vec![chunk],
        };
        KeptAnswer {
            viewer: Viewer::Tenant,
            answer: Answer {
                answer: "secret answer".to_owned(),
                sentences: vec![sentence],
                citations: vec![citation],
                support: 0.9,
                outcome: AnswerOutcome::Answered,
                reason: None,
                model: "extractive".to_owned(),
                reranker: "none".to_owned(),
                rerank_error: None,
                stale: false,
                trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
                took_ms: 12,
                timings: AnswerTimings::default(),
            },
        }
    }

    #[test]
    fn an_answer_that_was_erased_is_read_as_one_and_holds_no_word_of_it() {
        let mut row = serde_json::to_value(kept()).unwrap();
        let erased: serde_json::Map<String, Value> = serde_json::from_str(ERASED_ANSWER).unwrap();
        // As `||` of two objects.
        row.as_object_mut().unwrap().extend(erased.clone());
        assert!(!row.to_string().contains("secret"), "{row}");
        let read: KeptAnswer = serde_json::from_value(row).unwrap();
        assert_eq!(
            (read.answer.outcome, read.answer.model.as_str()),
            (AnswerOutcome::Abstained, "extractive")
        );
        assert!(read.answer.reason.is_some());
        // What is none of its fields would stay beside what it was to replace.
        let again = serde_json::to_value(read).unwrap();
        for (name, value) in erased {
            let value = if name == "support" { json!(0.0) } else { value };
            assert_eq!(again[&name], value, "{name}");
        }
    }
}
