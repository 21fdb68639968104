//! Vectors are kept in half precision: what that may change of a search, and what not.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use retrieval::{Language, Mode, Query, Replica, ReplicaOptions, Viewer};
use tempfile::TempDir;

use crate::support::document;

/// No multiple of what is added up at once.
const DIMENSIONS: usize = 100;
const DOCUMENTS: usize = 600;

fn options() -> ReplicaOptions {
    ReplicaOptions::new(Language::English, "test-model", DIMENSIONS)
}

fn vectors(count: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut value = || (0..4).map(|_| random.random_range(-1.0_f32..1.0)).sum();
    (0..count).map(|_| (0..DIMENSIONS).map(|_| value()).collect()).collect()
}

fn filled(directory: &TempDir, rows: &[Vec<f32>]) -> Replica {
    let replica = Replica::open(directory.path(), options()).unwrap();
    let changes = (0..).zip(rows).map(|(id, row)| {
        let mut document = document(id, "refund");
        document.chunks[0].vector.clone_from(row);
        retrieval::DocumentChange::Upsert(document)
    });
    replica.apply(changes.collect(), 1).unwrap();
    replica
}

fn nearest(replica: &Replica, vector: &[f32], limit: usize) -> Vec<(usize, f32)> {
    let query = Query {
        mode: Mode::Vector,
        limit,
        candidates: limit,
        ..Query::new("refund", Some(vector.to_vec()), Viewer::Tenant)
    };
    let hits = replica.search(&query).unwrap().hits;
    hits.iter()
        .map(|hit| (hit.document_id.as_u128() as usize, hit.score))
        .collect()
}

fn cosine(left: &[f32], right: &[f32]) -> f64 {
    let product = |left: &[f32], right: &[f32]| -> f64 {
        left.iter().zip(right).map(|(&l, &r)| f64::from(l) * f64::from(r)).sum()
    };
    product(left, right) / (product(left, left) * product(right, right)).sqrt()
}

#[test]
fn cosines_are_nearly_those_of_whole_vectors_and_so_is_their_order() {
    let directory = TempDir::new().unwrap();
    let rows = vectors(DOCUMENTS, 1);
    let replica = filled(&directory, &rows);
    let (mut in_common, mut asked) = (0, 0);
    for query in vectors(50, 2) {
        let mut exact: Vec<(usize, f64)> = rows.iter().map(|row| cosine(row, &query)).enumerate().collect();
        for (id, score) in nearest(&replica, &query, DOCUMENTS) {
            assert!(
                (f64::from(score) - exact[id].1).abs() < 3e-4,
                "{score} and {:?}",
                exact[id]
            );
        }
        exact.sort_by(|a, b| b.1.total_cmp(&a.1));
        let found = nearest(&replica, &query, 10);
        in_common += exact[..10]
            .iter()
            .filter(|(id, _)| found.iter().any(|(found, _)| found == id))
            .count();
        asked += 10;
    }
    assert!(in_common * 100 >= asked * 98, "{in_common} of {asked}");
}

#[test]
fn a_text_has_the_cosine_1_with_itself_never_more_and_equal_texts_score_alike() {
    let directory = TempDir::new().unwrap();
    // Vectors of few values round the most: their lengths are up to 2e-4 more than 1 or less.
    let sparse = (1..=DOCUMENTS / 2).map(|number| {
        let mut row = vec![0.0; DIMENSIONS];
        row[number % DIMENSIONS] = number as f32;
        row[(7 * number + 1) % DIMENSIONS] += 100.0;
        row
    });
    let rows: Vec<Vec<f32>> = sparse.flat_map(|row| [row.clone(), row]).collect();
    let replica = filled(&directory, &rows);
    let mut whole = 0;
    for row in &rows {
        let found = nearest(&replica, row, 4);
        let best = found[0].1;
        assert!((0.9995..=1.0).contains(&best), "{found:?}");
        whole += usize::from(best == 1.0);
    }
    for row in rows.iter().step_by(50) {
        let scores = nearest(&replica, row, DOCUMENTS);
        let of = |id: usize| scores.iter().find(|(found, _)| *found == id).unwrap().1;
        for id in (0..DOCUMENTS).step_by(2) {
            assert_eq!(of(id).to_bits(), of(id + 1).to_bits());
        }
    }
    assert!(whole > DOCUMENTS / 10, "{whole}: rounding would bring many above 1");
}

#[test]
fn a_value_takes_two_bytes_of_memory_and_of_the_disk_and_scores_survive_closing() {
    let directory = TempDir::new().unwrap();
    let rows = vectors(DOCUMENTS, 3);
    let replica = filled(&directory, &rows);
    assert_eq!(replica.vector_bytes().unwrap(), DOCUMENTS * DIMENSIONS * 2);
    let before = nearest(&replica, &rows[0], DOCUMENTS);
    replica.close().unwrap();
    let file = std::fs::metadata(directory.path().join("vectors.f16")).unwrap();
    assert_eq!(file.len(), (DOCUMENTS * DIMENSIONS * 2) as u64);
    let again = Replica::open(directory.path(), options()).unwrap();
    assert_eq!(again.cursor(), 1);
    assert_eq!(nearest(&again, &rows[0], DOCUMENTS), before);
}
