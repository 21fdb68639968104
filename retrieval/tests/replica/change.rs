//! Upserts, deletions and refused changes.

use retrieval::{DocumentChange, Error, Mode, Remains};
use uuid::Uuid;

use crate::support::{Base, chunk, document, ids, query, with_vector};

const ALONG_X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];
const ALONG_Y: [f32; 4] = [0.0, 1.0, 0.0, 0.0];

#[test]
fn a_replaced_document_leaves_nothing_behind_in_either_leg() {
    let base = Base::new();
    base.put(vec![
        with_vector(document(1, "old wording"), ALONG_X),
        document(2, "something else"),
    ]);
    base.put(vec![with_vector(document(1, "new phrase"), ALONG_Y)]);
    assert_eq!(base.keyword("wording"), Vec::<u128>::new());
    assert_eq!(base.keyword("phrase"), [1]);
    let nearest = base.search(Mode::Vector, "", ALONG_X);
    assert_eq!(ids(&nearest), [2, 1]);
    assert_eq!(nearest.hits.len(), 2);
    assert!(nearest.hits[1].score.abs() < 1e-6);
    assert_eq!(
        (
            base.replica.document_count().unwrap(),
            base.replica.chunk_count().unwrap()
        ),
        (2, 2)
    );
}

#[test]
fn a_deleted_document_leaves_nothing_behind_in_either_leg() {
    let base = Base::new();
    let mut long = document(1, "first part");
    long.chunks.push(chunk(1, 1, "second part", ALONG_Y));
    base.put(vec![long, document(2, "other part")]);
    base.replica
        .apply(vec![DocumentChange::Delete(Uuid::from_u128(1))], 2)
        .unwrap();
    for mode in [Mode::Keyword, Mode::Vector, Mode::Hybrid] {
        assert_eq!(ids(&base.search(mode, "part", ALONG_Y)), [2]);
    }
    assert_eq!(base.replica.chunk_count().unwrap(), 1);
}

#[test]
fn a_hidden_document_is_found_by_neither_leg_and_leaves_what_a_replaced_one_leaves() {
    let base = Base::new();
    base.put(vec![document(1, "hidden part"), document(2, "other part")]);
    base.replica
        .apply(vec![DocumentChange::Hide(Uuid::from_u128(1))], 2)
        .unwrap();
    for mode in [Mode::Keyword, Mode::Vector, Mode::Hybrid] {
        assert_eq!(ids(&base.search(mode, "part", ALONG_X)), [2]);
    }
    assert_eq!(base.replica.chunk_count().unwrap(), 1);
    assert_eq!(base.replica.standing().unwrap().remains, Remains::Replaced);
    base.put(vec![document(1, "hidden part")]);
    assert_eq!(base.keyword("hidden"), [1]);
}

#[test]
fn a_document_that_is_deleted_while_it_is_hidden_is_to_be_taken_off_the_disk() {
    let base = Base::new();
    base.put(vec![document(1, "hidden part"), document(2, "other part")]);
    let id = Uuid::from_u128(1);
    base.replica.apply(vec![DocumentChange::Hide(id)], 2).unwrap();
    base.replica.apply(vec![DocumentChange::Delete(id)], 3).unwrap();
    assert_eq!(base.replica.standing().unwrap().remains, Remains::Deleted);
    base.replica.expunge().unwrap();
    assert_eq!(base.replica.standing().unwrap().remains, Remains::Nothing);
    base.replica.apply(vec![DocumentChange::Delete(id)], 4).unwrap();
    let standing = base.replica.standing().unwrap();
    assert_eq!(standing.remains, Remains::Nothing, "nothing of it was left");
}

#[test]
fn a_document_that_shrinks_loses_its_surplus_chunks() {
    let base = Base::new();
    let mut long = document(1, "apple");
    long.chunks
        .extend((1..50).map(|ordinal| chunk(1, ordinal, "banana", ALONG_Y)));
    base.put(vec![long]);
    base.put(vec![document(1, "apple")]);
    assert!(base.keyword("banana").is_empty());
    assert_eq!(base.search(Mode::Vector, "", ALONG_Y).hits.len(), 1);
}

#[test]
fn of_several_changes_to_one_document_the_last_counts() {
    let base = Base::new();
    let id = Uuid::from_u128(1);
    let changes = vec![
        DocumentChange::Upsert(document(1, "first")),
        DocumentChange::Delete(id),
        DocumentChange::Upsert(document(1, "last")),
        DocumentChange::Upsert(document(2, "gone")),
        DocumentChange::Delete(Uuid::from_u128(2)),
        DocumentChange::Delete(Uuid::from_u128(3)),
    ];
    base.replica.apply(changes, 7).unwrap();
    assert_eq!(base.keyword("first last gone"), [1]);
    assert!(base.keyword("first").is_empty());
    assert_eq!(base.replica.cursor(), 7);
}

#[test]
fn many_replacements_compact_the_vectors_and_change_no_answer() {
    let base = Base::new();
    // Directions on a circle, each round a little further, and never as near to another document's as halves are to whole values.
    let vector = |id: u128, round: u128| {
        let (sin, cos) = (id as f32 * 0.06 + round as f32 * 0.004).sin_cos();
        [sin, cos, 0.0, 0.0]
    };
    for round in 0..12_u128 {
        let documents =
            (1..=100).map(|id| with_vector(document(id, &format!("word{id} round{round}")), vector(id, round)));
        base.put(documents.collect());
        if round == 0 {
            base.put(vec![with_vector(document(500, "never replaced"), [0.0, 0.0, 0.0, 1.0])]);
        }
    }
    assert!(base.replica.vector_bytes().unwrap() < 12 * 100 * 4 * 2 / 2);
    for id in [1, 50, 100] {
        let found = base.search(Mode::Hybrid, &format!("word{id}"), vector(id, 11));
        assert_eq!(ids(&found)[0], id);
        assert_eq!(found.hits[0].text, format!("word{id} round11"));
    }
    assert!(base.keyword("round10").is_empty());
    let untouched = base.search(Mode::Vector, "", [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(ids(&untouched)[0], 500);
    assert!((untouched.hits[0].score - 1.0).abs() < 1e-6);
    base.replica.close().unwrap();
    let again = retrieval::Replica::open(base.path(), crate::support::options()).unwrap();
    assert_eq!(again.cursor(), 13);
    let found = again.search(&query(Mode::Vector, "", vector(50, 11))).unwrap();
    assert_eq!(ids(&found)[0], 50);
}

#[test]
fn refused_vectors_and_cursors_change_nothing() {
    let base = Base::new();
    base.put(vec![document(1, "kept")]);
    let mut short = document(2, "short");
    short.chunks[0].vector.pop();
    let changes = vec![
        DocumentChange::Delete(Uuid::from_u128(1)),
        DocumentChange::Upsert(short),
    ];
    let refused = base.replica.apply(changes, 2);
    assert!(matches!(
        refused,
        Err(Error::ChunkVectorLength {
            expected: 4,
            actual: 3,
            ..
        })
    ));
    let infinite = with_vector(document(2, "infinite"), [f32::NAN, 0.0, 0.0, 0.0]);
    let refused = base.replica.apply(vec![DocumentChange::Upsert(infinite)], 2);
    assert!(matches!(refused, Err(Error::ChunkVectorNotFinite { .. })));
    assert!(matches!(
        base.replica.apply(Vec::new(), 0),
        Err(Error::CursorBehind { current: 1, given: 0 })
    ));
    assert_eq!((base.replica.cursor(), base.keyword("kept")), (1, vec![1]));
    base.put(vec![document(3, "kept too")]);
    assert_eq!(base.keyword("kept"), [1, 3]);
}

#[test]
fn a_document_without_chunks_is_counted_and_found_by_nothing() {
    let base = Base::new();
    let mut empty = document(1, "");
    empty.chunks.clear();
    base.put(vec![empty]);
    assert_eq!(
        (
            base.replica.document_count().unwrap(),
            base.replica.chunk_count().unwrap()
        ),
        (1, 0)
    );
    assert!(base.search(Mode::Vector, "", ALONG_X).hits.is_empty());
    base.put(vec![document(1, "now with text")]);
    assert_eq!(base.keyword("text"), [1]);
}

#[test]
fn searches_beside_changes_see_whole_states_only() {
    let base = Base::new();
    base.put((0..20).map(|id| document(id, "version 0")).collect());
    std::thread::scope(|scope| {
        let searching = scope.spawn(|| {
            for _ in 0..200 {
                let hits = base.search(Mode::Hybrid, "version", ALONG_X);
                let texts: std::collections::HashSet<&str> = hits.hits.iter().map(|hit| hit.text.as_str()).collect();
                assert_eq!((hits.candidates, texts.len()), (20, 1));
            }
        });
        for round in 1..=10 {
            base.put((0..20).map(|id| document(id, &format!("version {round}"))).collect());
        }
        searching.join().unwrap();
    });
}
