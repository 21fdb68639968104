use retrieval::{Acl, DocumentChange, Facts, IndexedChunk, IndexedDocument};
use std::collections::{HashMap, HashSet};
use store::{DocumentId, documents};

/// What a replica has to do about documents that changed: those that are ready are put in place, the others taken out, of which some are there and switched off.
pub(super) fn changes(
    changed: &[DocumentId],
    ready: Vec<documents::IndexedDocument>,
    switched_off: &HashSet<DocumentId>,
) -> Vec<DocumentChange> {
    let mut ready: HashMap<DocumentId, documents::IndexedDocument> = ready.into_iter().map(|d| (d.id, d)).collect();
    changed
        .iter()
        .map(|id| match ready.remove(id) {
            Some(document) => DocumentChange::Upsert(indexed(document)),
            None if switched_off.contains(id) => DocumentChange::Hide(id.0),
            None => DocumentChange::Delete(id.0),
        })
        .collect()
}

fn indexed(document: documents::IndexedDocument) -> IndexedDocument {
    // A list that cannot be read lets nobody in but the tenant.
    let acl: Acl = serde_json::from_value(document.acl).unwrap_or_else(|error| {
        tracing::error!(document.id = %document.id, %error, "unreadable access list: the document is hidden");
        Acl::default()
    });
    let chunks = document
        .chunks
        .into_iter()
        .map(|chunk| IndexedChunk {
            chunk_id: chunk.id.0,
            ordinal: u32::try_from(chunk.ordinal).unwrap_or(0),
            headings: chunk.headings,
            text: chunk.text,
            embed_text: chunk.embed_text,
            vector: chunk.vector,
        })
        .collect();
    IndexedDocument {
        document_id: document.id.0,
        title: document.title,
        metadata: document.metadata,
        facts: Facts {
            mime_type: document.mime_type,
            external_id: document.external_id,
            collection_id: document.collection_id.map(|collection| collection.0),
            source_id: document.source_id.map(|source| source.0),
            created_at: document.created_at.timestamp(),
            updated_at: document.updated_at.timestamp(),
            said: document.said,
        },
        acl,
        chunks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn of_what_is_not_ready_that_which_is_switched_off_is_hidden_and_the_rest_deleted() {
        let [off, gone] = [1, 2].map(|id| DocumentId(Uuid::from_u128(id)));
        let changes = changes(&[off, gone], Vec::new(), &HashSet::from([off]));
        assert!(
            matches!(changes[..], [DocumentChange::Hide(hidden), DocumentChange::Delete(deleted)] if hidden == off.0 && deleted == gone.0),
            "{changes:?}"
        );
    }
}
