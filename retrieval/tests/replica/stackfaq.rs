//! Relevance of the keyword leg on StackFAQ (719 answers, 1,249 questions). Without a title boost it stands beside a
//! reference run with the same k1, b and stop list and Porter's stemmer, whose nDCG@10 is .7271.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use retrieval::{
    Acl, DocumentChange, Facts, IndexedChunk, IndexedDocument, Language, Query, Replica, ReplicaOptions, Viewer,
};
use serde_json::Value;
use uuid::Uuid;

use crate::support::data_directory;

/// Title boosts, of which the usual one was chosen on the first queries ([`CHOSEN_ON`]), and the least mean nDCG@10 each must reach on the others.
const FLOORS: [(f32, f64); 4] = [(0.0, 0.72), (0.25, 0.76), (0.5, 0.778), (1.0, 0.786)];
/// The queries that weights are chosen on (docs/decisions/005-fusion.md).
const CHOSEN_ON: usize = 300;

#[test]
fn the_keyword_leg_is_as_good_as_the_reference_on_stackfaq() {
    let data = data_directory().join("retrieval/stackfaq");
    if !data.join("corpus.jsonl").exists() {
        eprintln!("skipped: {} is not there; set VISUALKIT_DATA_EVAL_DIR", data.display());
        return;
    }
    let directory = tempfile::TempDir::new().unwrap();
    let replica = Replica::open(directory.path(), ReplicaOptions::new(Language::English, "none", 1)).unwrap();
    let documents: Vec<DocumentChange> = lines(&data.join("corpus.jsonl")).iter().map(upsert).collect();
    replica.apply(documents, 1).unwrap();
    let judged = judgements(&data.join("qrels.tsv"));
    let queries = lines(&data.join("queries.jsonl"));
    for (title_boost, floor) in FLOORS {
        let scored: Vec<f64> = queries
            .iter()
            .filter_map(|query| {
                Some(ndcg_at_10(
                    &replica,
                    query,
                    title_boost,
                    judged.get(string(query, "_id"))?,
                ))
            })
            .collect();
        let (chosen_on, others) = scored.split_at(CHOSEN_ON);
        let mean = mean(others);
        eprintln!(
            "stackfaq, keyword, title boost {title_boost}: nDCG@10 {:.4} on the first {CHOSEN_ON} queries, {mean:.4} on the other {}",
            self::mean(chosen_on),
            others.len()
        );
        assert!(mean >= floor, "nDCG@10 {mean:.4} is below {floor}");
    }
}

fn mean(scored: &[f64]) -> f64 {
    scored.iter().sum::<f64>() / scored.len() as f64
}

fn ndcg_at_10(replica: &Replica, query: &Value, title_boost: f32, relevant: &HashMap<Uuid, f64>) -> f64 {
    let asked = Query {
        title_boost,
        ..Query::new(string(query, "text"), None, Viewer::Tenant)
    };
    let hits = replica.search(&asked).unwrap();
    let gain = |rank: usize, grade: f64| grade / ((rank + 2) as f64).log2();
    let found = hits.documents().into_iter().enumerate().take(10);
    let actual: f64 = found
        .map(|(rank, (id, _))| gain(rank, relevant.get(&id).copied().unwrap_or_default()))
        .sum();
    let mut grades: Vec<f64> = relevant.values().copied().collect();
    grades.sort_by(|left, right| right.total_cmp(left));
    let ideal: f64 = grades
        .into_iter()
        .take(10)
        .enumerate()
        .map(|(rank, grade)| gain(rank, grade))
        .sum();
    actual / ideal
}

fn upsert(line: &Value) -> DocumentChange {
    let id = document_id(string(line, "_id"));
    let (title, text) = (string(line, "title").to_owned(), string(line, "text").to_owned());
    let chunk = IndexedChunk {
        chunk_id: id,
        ordinal: 0,
        headings: Vec::new(),
        embed_text: format!("{title}\n{text}"),
        text,
        vector: vec![1.0],
    };
    let document = IndexedDocument {
        document_id: id,
        title,
        metadata: Value::Null,
        facts: Facts::default(),
        acl: Acl::default(),
        chunks: vec![chunk],
    };
    DocumentChange::Upsert(document)
}

fn document_id(name: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Uuid::from_bytes(bytes)
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn string<'a>(line: &'a Value, member: &str) -> &'a str {
    line[member].as_str().unwrap()
}

/// Query id to its relevant documents and their grades.
fn judgements(path: &Path) -> HashMap<String, HashMap<Uuid, f64>> {
    let mut judged: HashMap<String, HashMap<Uuid, f64>> = HashMap::new();
    for line in fs::read_to_string(path).unwrap().lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let grade: f64 = columns[2].parse().unwrap();
        if grade > 0.0 {
            judged
                .entry(columns[0].to_owned())
                .or_default()
                .insert(document_id(columns[1]), grade);
        }
    }
    judged
}
