//! One handler a file, named as its kind.
mod answer_question;
mod check_response;
mod delete_collection;
mod delete_document;
mod delete_knowledge_base;
mod delete_source;
mod deliver_webhook;
mod diagnostics;
mod diagnostics_call;
mod drop_embeddings;
mod embedding;
mod erased_of_base;
mod evaluate_retrieval;
mod fusion;
mod images;
mod ingest_document;
mod migrate_embeddings;
mod passages;
mod reingest_documents;
mod rerank;
mod search_knowledge;
mod shown;
mod sync_source;
mod update_documents;

use crate::Registry;
use jobs::kinds;

/// Every kind this version can run.
#[must_use]
pub fn registry() -> Registry {
    Registry::default()
        .with::<kinds::IngestDocument>()
        .with::<kinds::ReingestDocuments>()
        .with::<kinds::UpdateDocuments>()
        .with::<kinds::DeleteDocument>()
        .with::<kinds::DeleteKnowledgeBase>()
        .with::<kinds::SyncSource>()
        .with::<kinds::DeleteSource>()
        .with::<kinds::DeleteCollection>()
        .with::<kinds::SearchKnowledge>()
        .with::<kinds::AnswerQuestion>()
        .with::<kinds::CheckResponse>()
        .with::<kinds::EvaluateRetrieval>()
        .with::<kinds::MigrateEmbeddings>()
        .with::<kinds::DropEmbeddings>()
        .with::<kinds::DeliverWebhook>()
        .with::<kinds::diagnostics::Noop>()
        .with::<kinds::diagnostics::Sleep>()
        .with::<kinds::diagnostics::Fail>()
        .with::<kinds::diagnostics::Call>()
        .with::<kinds::diagnostics::Stamp>()
        .with::<kinds::diagnostics::Abort>()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_api_knows_the_steps_of_every_kind() {
        for (kind, steps) in super::registry().steps() {
            assert_eq!(jobs::kinds::steps_of(kind), steps, "{kind}");
        }
    }

    #[test]
    fn every_kind_that_runs_is_named_and_no_other() {
        let mut run: Vec<&str> = super::registry().steps().map(|(kind, _)| kind).collect();
        let mut named = jobs::kinds::NAMES.to_vec();
        run.sort_unstable();
        named.sort_unstable();
        assert_eq!(
            run, named,
            "limits, pauses and webhooks know kinds by `jobs::kinds::NAMES`"
        );
    }
}
