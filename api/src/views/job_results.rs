//! The job object as each kind of work returns it: these types describe, they are never made.
use super::JobObject;
use jobs::kinds::{
    Answer, CheckResult, DeletedCollection, DeletedKnowledgeBase, DeletedSource, DroppedEmbeddings, EvaluatedRetrieval,
    IngestedDocument, MigratedEmbeddings, ReingestedDocuments, SearchResult, SyncedSource, UpdatedDocuments,
};
use utoipa::ToSchema;

macro_rules! job_results {
    ($($(#[$doc:meta])* $name:ident: $result:ty;)*) => {$(
        $(#[$doc])*
        #[derive(ToSchema)]
        #[expect(dead_code, reason = "describes a body in the OpenAPI document")]
        pub(crate) struct $name {
            #[schema(value_type = JobObject)]
            #[serde(flatten)]
            job: JobObject,
            /// Null until the job has succeeded.
            result: Option<$result>,
        }
    )*};
}

job_results! {
    /// The job of a search.
    SearchJob: SearchResult;
    /// The job of a question.
    AnswerJob: Answer;
    /// The job of a check.
    CheckJob: CheckResult;
    /// The job of a submitted document.
    DocumentJob: IngestedDocument;
    /// The job that submits documents once more.
    ReingestJob: ReingestedDocuments;
    /// The job that changes many documents.
    DocumentsUpdateJob: UpdatedDocuments;
    /// The job that deletes a knowledge base.
    KnowledgeBaseDeletionJob: DeletedKnowledgeBase;
    /// The job that syncs a source.
    SourceSyncJob: SyncedSource;
    /// The job that evaluates; the evaluation has its id.
    EvaluationJob: EvaluatedRetrieval;
    /// The job that embeds a knowledge base with another model.
    EmbeddingMigrationJob: MigratedEmbeddings;
    /// The job that deletes the vectors of the model that a knowledge base does not have any more.
    EmbeddingMigrationEndJob: DroppedEmbeddings;
    /// The job that deletes a source.
    SourceDeletionJob: DeletedSource;
    /// The job that deletes a collection.
    CollectionDeletionJob: DeletedCollection;
}
