//! Every kind of job: its payload, and its result as the API shows it.
mod answer_question;
mod check_response;
mod delete_collection;
mod delete_document;
mod delete_knowledge_base;
mod delete_source;
mod deliver_webhook;
pub mod diagnostics;
mod evaluate_retrieval;
mod ingest_document;
mod migrate_embeddings;
mod reingest_documents;
mod search_knowledge;
mod sync_source;
mod update_documents;
mod viewer;

use crate::Kind;

/// The names of all kinds: what may be limited, paused and told to webhooks.
pub const NAMES: [&str; 21] = [
    IngestDocument::NAME,
    ReingestDocuments::NAME,
    UpdateDocuments::NAME,
    DeleteDocument::NAME,
    DeleteKnowledgeBase::NAME,
    SyncSource::NAME,
    DeleteSource::NAME,
    DeleteCollection::NAME,
    SearchKnowledge::NAME,
    AnswerQuestion::NAME,
    CheckResponse::NAME,
    EvaluateRetrieval::NAME,
    MigrateEmbeddings::NAME,
    DropEmbeddings::NAME,
    DeliverWebhook::NAME,
    diagnostics::Noop::NAME,
    diagnostics::Sleep::NAME,
    diagnostics::Fail::NAME,
    diagnostics::Call::NAME,
    diagnostics::Stamp::NAME,
    diagnostics::Abort::NAME,
];

/// The steps of the kind of this name.
#[must_use]
pub fn steps_of(kind: &str) -> &'static [&'static str] {
    match kind {
        IngestDocument::NAME => IngestDocument::STEPS,
        EvaluateRetrieval::NAME => EvaluateRetrieval::STEPS,
        MigrateEmbeddings::NAME => MigrateEmbeddings::STEPS,
        _ => &[],
    }
}

pub use self::answer_question::{
    Answer, AnswerOutcome, AnswerQuestion, AnswerTimings, AnsweredSentence, Citation, KeptAnswer, Verdict,
};
pub use self::check_response::{CheckResponse, CheckResult, CheckedClaim, ClaimEvidence};
pub use self::delete_collection::{DeleteCollection, DeletedCollection};
pub use self::delete_document::{DeleteDocument, DeletedDocument};
pub use self::delete_knowledge_base::{DeleteKnowledgeBase, DeletedKnowledgeBase};
pub use self::delete_source::{DeleteSource, DeletedSource};
pub use self::deliver_webhook::{DeliverWebhook, DeliveredWebhook, DeliveryEnd};
pub use self::evaluate_retrieval::{
    ComparedScore, EvaluateRetrieval, EvaluatedRetrieval, MeanScore, RANKING, SearchConfiguration,
};
pub use self::ingest_document::{IngestDocument, IngestedDocument};
pub use self::migrate_embeddings::{DropEmbeddings, DroppedEmbeddings, MigrateEmbeddings, MigratedEmbeddings};
pub use self::reingest_documents::{ReingestDocuments, ReingestState, ReingestedDocuments};
pub use self::search_knowledge::{
    BaseAt, FoundChunk, FoundChunks, FoundImage, FusionMethod, NeighbourChunk, Recency, RerankError, SearchCandidate,
    SearchHit, SearchHitExplanation, SearchKnowledge, SearchMode, SearchResult,
};
pub use self::sync_source::{SyncReason, SyncSource, SyncedSource};
pub use self::update_documents::{Placement, UpdateDocuments, UpdatedDocuments, WhichDocuments};
pub use self::viewer::Viewer;
