use qdrant_client::qdrant::{Condition, Filter, PointId};
use uuid::Uuid;

use crate::slot::IndexId;
use crate::vectors::{DocumentScope, VectorQuery};

/// Whose a point is: the partition of the collection.
pub(super) const TENANT: &str = "tenant_id";
/// Of which index: the base and its generation.
pub(super) const INDEX: &str = "index";
pub(super) const DOCUMENT: &str = "document_id";
pub(super) const CHUNK: &str = "chunk_id";

/// Names the index in the points' payload.
pub(super) fn index_key(index: IndexId) -> String {
    format!("{}.{}", index.knowledge_base, index.generation)
}

/// A chunk's point. A chunk keeps its id from one index of a base to the next, whose points lie in one collection.
pub(super) fn point_uuid(index: IndexId, chunk: Uuid) -> Uuid {
    let name = format!("{}/{}/{chunk}", index.tenant, index_key(index));
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

pub(super) fn point_id(index: IndexId, chunk: Uuid) -> PointId {
    point_uuid(index, chunk).to_string().into()
}

/// Every point of the index, and none of anybody else.
pub(super) fn of_index(index: IndexId) -> Filter {
    Filter::must([
        Condition::matches(TENANT, index.tenant.to_string()),
        Condition::matches(INDEX, index_key(index)),
    ])
}

/// The points that the query may be answered with.
pub(super) fn permitted(index: IndexId, query: &VectorQuery) -> Filter {
    let mut filter = of_index(index);
    let in_list = |ids: &[Uuid]| Condition::matches(DOCUMENT, texts(ids));
    match &query.documents {
        DocumentScope::All => {}
        DocumentScope::Only(ids) => filter.must.push(in_list(ids)),
        DocumentScope::AllBut(ids) => filter.must_not.push(in_list(ids)),
    }
    if let Some(chunks) = &query.chunks {
        filter.must.push(with_ids(index, chunks));
    }
    filter
}

/// The points of these chunks of the index.
pub(super) fn of_chunks(index: IndexId, chunks: &[Uuid]) -> Filter {
    let mut filter = of_index(index);
    filter.must.push(with_ids(index, chunks));
    filter
}

/// The points of these documents that are of none of these chunks.
pub(super) fn of_documents_without(index: IndexId, documents: &[Uuid], chunks: &[Uuid]) -> Filter {
    let mut filter = of_index(index);
    filter.must.push(Condition::matches(DOCUMENT, texts(documents)));
    if !chunks.is_empty() {
        filter.must_not.push(with_ids(index, chunks));
    }
    filter
}

fn with_ids(index: IndexId, chunks: &[Uuid]) -> Condition {
    Condition::has_id(chunks.iter().map(|chunk| point_id(index, *chunk)))
}

fn texts(ids: &[Uuid]) -> Vec<String> {
    ids.iter().map(Uuid::to_string).collect()
}
