//! Several bases in one search.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use retrieval::{
    BaseQuery, DocumentChange, DocumentScope, Hits, IndexedDocument, Mode, Query, Replica, ReplicaOptions, Result,
    ScoreVectors, ScoredChunk, VectorQuery, VectorScores, search_several,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{DIMENSIONS, document, options, query, with_vector};

const QUERY: [f32; DIMENSIONS] = [1.0, 0.0, 0.0, 0.0];

struct Shared {
    _directory: TempDir,
    replica: Arc<Replica>,
}

impl Shared {
    fn with(options: ReplicaOptions, documents: Vec<IndexedDocument>) -> Self {
        let directory = TempDir::new().unwrap();
        let replica = Arc::new(Replica::open(directory.path(), options).unwrap());
        put(&replica, documents);
        Self {
            _directory: directory,
            replica,
        }
    }

    fn asked(&self, query: &Query) -> BaseQuery {
        BaseQuery {
            replica: self.replica.clone(),
            model: "test-model".to_owned(),
            query: query.clone(),
        }
    }
}

fn put(replica: &Replica, documents: Vec<IndexedDocument>) {
    let changes = documents.into_iter().map(DocumentChange::Upsert).collect();
    replica.apply(changes, replica.cursor() + 1).unwrap();
}

/// Some have the query's word, some are near to its vector, and no two are alike in both.
fn many() -> Vec<IndexedDocument> {
    let of = |id: u16| {
        let angle = f32::from(id * 37 % 101) / 101.0 * 3.0;
        let words = "refund ".repeat(usize::from(id * 53 % 11 / 4));
        let text = format!(
            "{words}{}",
            "and what else there is to say of it ".repeat(usize::from(id % 7 + 1))
        );
        with_vector(document(u128::from(id), &text), [angle.cos(), angle.sin(), 0.0, 0.0])
    };
    (1..=100).map(of).collect()
}

/// Documents with their scores, rounded, the best first.
fn found(bases: &[BaseQuery]) -> Vec<(u128, f32)> {
    let hits: Vec<Hits> = search_several(bases.to_vec()).unwrap();
    let hits = hits.into_iter().flat_map(|hits| hits.hits);
    let mut found: Vec<(u128, f32)> = hits
        .map(|hit| (hit.document_id.as_u128(), (hit.score * 1e5).round() / 1e5))
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found
}

#[test]
fn several_bases_find_what_one_with_all_their_documents_finds_among_as_many_candidates() {
    let whole = Shared::with(options(), many());
    let (even, odd): (Vec<_>, Vec<_>) = many()
        .into_iter()
        .partition(|document| document.document_id.as_u128() % 2 == 0);
    let halves = [Shared::with(options(), even), Shared::with(options(), odd)];
    for mode in [Mode::Hybrid, Mode::Keyword, Mode::Vector] {
        for min_similarity in [None, Some(0.5)] {
            let asked = Query {
                limit: 30,
                candidates: 20,
                min_similarity,
                ..query(mode, "refund", QUERY)
            };
            let of_one = found(&[whole.asked(&asked)]);
            assert!(of_one.len() > 10, "{mode:?}");
            assert_eq!(
                found(&halves.each_ref().map(|half| half.asked(&asked))),
                of_one,
                "{mode:?} {min_similarity:?}"
            );
        }
    }
}

#[test]
fn what_is_too_little_like_the_query_says_how_scores_spread_all_the_same() {
    let whole = Shared::with(options(), many());
    let asked = Query {
        limit: 100,
        ..query(Mode::Hybrid, "refund", QUERY)
    };
    let near = Query {
        min_similarity: Some(0.9),
        ..asked.clone()
    };
    let (all, near) = (found(&[whole.asked(&asked)]), found(&[whole.asked(&near)]));
    assert!(!near.is_empty() && near.len() < all.len());
    assert!(near.iter().all(|hit| all.contains(hit)), "{near:?} {all:?}");
}

/// A server of the vectors of another base, during whose first answer something happens.
#[derive(Debug)]
struct Meanwhile {
    of: Mutex<Option<(Arc<Replica>, IndexedDocument)>>,
    asked: AtomicUsize,
}

impl ScoreVectors for Meanwhile {
    fn score(&self, query: &VectorQuery) -> Result<VectorScores> {
        assert_eq!(query.documents, DocumentScope::All);
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some((replica, document)) = self.of.lock().unwrap().take() {
            put(&replica, vec![document]);
        }
        let nearest = vec![ScoredChunk {
            document_id: Uuid::from_u128(2),
            chunk_id: Uuid::from_u128(2000),
            cosine: 0.5,
        }];
        Ok(VectorScores {
            nearest,
            ..VectorScores::default()
        })
    }
}

#[test]
fn a_document_that_is_replaced_before_it_is_read_is_found_as_it_is_now() {
    let changing = Shared::with(options(), vec![document(1, "a refund of old")]);
    let mut replaced = document(1, "a refund as it is now");
    replaced.chunks[0].chunk_id = Uuid::from_u128(1007);
    let server = Arc::new(Meanwhile {
        of: Mutex::new(Some((changing.replica.clone(), replaced))),
        asked: AtomicUsize::new(0),
    });
    let served = ReplicaOptions {
        served: Some(server.clone()),
        ..options()
    };
    let other = Shared::with(served, vec![document(2, "nothing of it")]);
    let asked = query(Mode::Hybrid, "refund", QUERY);
    let found = search_several(vec![changing.asked(&asked), other.asked(&asked)]).unwrap();
    let texts: Vec<&str> = found
        .iter()
        .flat_map(|hits| &hits.hits)
        .map(|hit| hit.text.as_str())
        .collect();
    assert_eq!(texts, ["a refund as it is now", "nothing of it"]);
    assert_eq!(server.asked.load(Ordering::SeqCst), 2, "once more, and not for ever");
}
