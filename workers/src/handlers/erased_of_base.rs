//! Telling replicas of what a deletion took out of a base, which may itself be deleted meanwhile.
use store::{DocumentId, KnowledgeBaseId, StoreError, TenantTx, index_changes};

/// Tells the replicas of a base of these documents, if there are any.
pub(super) async fn tell(
    tx: &mut TenantTx,
    base: Option<KnowledgeBaseId>,
    documents: &[DocumentId],
) -> Result<(), StoreError> {
    match base {
        Some(base) if !documents.is_empty() => {
            unless_gone(index_changes::record(tx, base, documents).await)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The change from which on replicas do without all of it, also where nothing was deleted, or by an earlier attempt; `None` when the base is gone.
pub(super) async fn last_change(tx: &mut TenantTx, base: Option<KnowledgeBaseId>) -> Result<Option<i64>, StoreError> {
    match base {
        Some(base) => unless_gone(index_changes::head(tx, base).await),
        None => Ok(None),
    }
}

fn unless_gone(seq: Result<i64, StoreError>) -> Result<Option<i64>, StoreError> {
    match seq {
        Err(StoreError::NotFound { .. }) => Ok(None),
        seq => seq.map(Some),
    }
}
