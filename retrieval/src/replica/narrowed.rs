use std::fmt;
use std::sync::Arc;

use super::state::Replica;
use crate::acl::Viewer;
use crate::allowed::Allowed;
use crate::filter::Filter;
use crate::phrase::Phrase;
use crate::query::Query;

/// What a query may look at in a replica, found out once for a base that is searched, and looked at before and read afterwards, beside others.
#[derive(Clone)]
pub(crate) struct Narrowed {
    replica: u64,
    cursor: u64,
    viewer: Viewer,
    filter: Option<Filter>,
    phrases: Vec<Phrase>,
    phrase_reads: usize,
    allowed: Arc<Allowed>,
}

impl Narrowed {
    pub(super) fn new(replica: &Replica, cursor: u64, query: &Query, allowed: Arc<Allowed>) -> Self {
        Self {
            replica: replica.id,
            cursor,
            viewer: query.viewer.clone(),
            filter: query.filter.clone(),
            phrases: query.phrases.clone(),
            phrase_reads: query.phrase_reads,
            allowed,
        }
    }

    /// What is known for this query, as long as the replica stands where it stood. Of a query that may look at something else nothing is.
    pub(super) fn of(&self, replica: &Replica, cursor: u64, query: &Query) -> Option<Arc<Allowed>> {
        let is_same = (self.replica, self.cursor, self.phrase_reads) == (replica.id, cursor, query.phrase_reads)
            && self.viewer == query.viewer
            && self.filter == query.filter
            && self.phrases == query.phrases;
        is_same.then(|| self.allowed.clone())
    }
}

/// Without the documents.
impl fmt::Debug for Narrowed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Narrowed")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;
    use crate::{Acl, DocumentChange, Facts, IndexedDocument, Language, Mode, ReplicaOptions, Together};

    fn put(replica: &Replica, id: u128) {
        let document = IndexedDocument {
            document_id: Uuid::from_u128(id),
            title: format!("Document {id}"),
            metadata: json!({"n": id as u64}),
            facts: Facts::default(),
            acl: Acl::public(),
            chunks: Vec::new(),
        };
        let changes = vec![DocumentChange::Upsert(document)];
        replica.apply(changes, replica.cursor() + 1).unwrap();
    }

    fn allowed(replica: &Replica, query: &Query) -> Arc<Allowed> {
        let state = replica.read().unwrap();
        let seen = Allowed::seen_by(&query.viewer, &state.documents);
        replica.allowed(&state, query, seen).unwrap()
    }

    #[test]
    fn what_a_query_may_look_at_is_found_out_once_for_bases_that_are_searched_together() {
        let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let replicas = folders
            .each_ref()
            .map(|folder| Replica::open(folder.path(), ReplicaOptions::new(Language::English, "model", 4)).unwrap());
        for replica in &replicas {
            put(replica, 1);
        }
        let mut asked = Query {
            mode: Mode::Keyword,
            filter: Some(Filter::parse(&json!({"n": 1})).unwrap()),
            ..Query::new("lamp", None, Viewer::Public)
        };
        let alone = [allowed(&replicas[0], &asked), allowed(&replicas[0], &asked)];
        assert!(!Arc::ptr_eq(&alone[0], &alone[1]), "by itself");
        asked.together = Some(Together::of(&[(&replicas[0], &asked), (&replicas[1], &asked)]).unwrap());
        let first = replicas.each_ref().map(|replica| allowed(replica, &asked));
        let again = replicas.each_ref().map(|replica| allowed(replica, &asked));
        assert!(Arc::ptr_eq(&first[0], &again[0]) && Arc::ptr_eq(&first[1], &again[1]));
        assert!(!Arc::ptr_eq(&first[0], &first[1]), "each base has its own");
        for other in [
            Query {
                viewer: Viewer::Tenant,
                ..asked.clone()
            },
            Query {
                filter: None,
                ..asked.clone()
            },
            Query {
                phrases: Phrase::new("lamp").into_iter().collect(),
                ..asked.clone()
            },
        ] {
            assert!(!Arc::ptr_eq(&allowed(&replicas[0], &other), &first[0]), "{other:?}");
        }
        put(&replicas[0], 2);
        assert!(
            !Arc::ptr_eq(&allowed(&replicas[0], &asked), &first[0]),
            "the base has changed"
        );
        assert!(
            Arc::ptr_eq(&allowed(&replicas[1], &asked), &first[1]),
            "this one has not"
        );
    }
}
