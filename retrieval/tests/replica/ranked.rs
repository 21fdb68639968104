//! Chunks that are ranked first and read afterwards.

use retrieval::{Acl, DocumentChange, IndexedDocument, Mode, Query, Viewer};
use uuid::Uuid;

use crate::support::{Base, document, query, with_vector};

const QUERY: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

fn base() -> Base {
    let base = Base::new();
    base.put(vec![
        with_vector(document(1, "refund refund policy"), [0.0, 1.0, 0.0, 0.0]),
        with_vector(document(2, "money comes back"), QUERY),
        with_vector(document(3, "a refund arrives after some days"), [0.8, 0.6, 0.0, 0.0]),
    ]);
    base
}

fn unread(query: &Query) -> Query {
    Query {
        limit: 0,
        explain: true,
        ..query.clone()
    }
}

#[test]
fn what_was_ranked_is_read_as_a_search_would_have_read_it() {
    let base = base();
    for explain in [true, false] {
        let asked = Query {
            explain,
            ..query(Mode::Hybrid, "refunds", QUERY)
        };
        let found = base.replica.search(&asked).unwrap().hits;
        let ranked = base.replica.search(&unread(&asked)).unwrap();
        assert!(ranked.hits.is_empty() && ranked.ranking.len() == 3);
        assert_eq!(base.replica.read_ranked(&asked, &ranked.ranking).unwrap(), found);
        let last = base.replica.read_ranked(&asked, &ranked.ranking[2..]).unwrap();
        assert_eq!(last, found[2..]);
    }
}

#[test]
fn what_is_gone_or_withdrawn_since_it_was_ranked_is_not_read() {
    let base = base();
    let public = |document: IndexedDocument| IndexedDocument {
        acl: Acl::public(),
        ..document
    };
    base.put(vec![
        public(document(4, "a public refund")),
        public(document(5, "another public refund")),
        public(document(6, "a refund for everybody")),
    ]);
    let asked = Query {
        viewer: Viewer::Public,
        ..query(Mode::Keyword, "refund", QUERY)
    };
    let ranked = base.replica.search(&unread(&asked)).unwrap().ranking;
    assert_eq!(ranked.len(), 3);
    base.put(vec![document(4, "a public refund")]);
    let cursor = base.replica.cursor() + 1;
    let deleted = DocumentChange::Delete(Uuid::from_u128(5));
    base.replica.apply(vec![deleted], cursor).unwrap();
    let read = base.replica.read_ranked(&asked, &ranked).unwrap();
    let documents: Vec<u128> = read.iter().map(|hit| hit.document_id.as_u128()).collect();
    assert_eq!(documents, [6]);
}
