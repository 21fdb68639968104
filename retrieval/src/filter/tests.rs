#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::{Filter, field};
use std::borrow::Cow;

fn passes(filter: Value, metadata: &Value) -> bool {
    let filter = Filter::parse(&filter).unwrap();
    filter.matches(&|path| field(metadata, path).map(Cow::Borrowed))
}

fn problems(filter: Value) -> Vec<String> {
    Filter::parse(&filter)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn members_must_all_hold() {
    let metadata = json!({"product": "widget", "year": 2025, "draft": false});
    assert!(passes(json!({}), &metadata));
    assert!(passes(
        json!({"product": "widget", "year": {"gte": 2024, "lt": 2026}}),
        &metadata
    ));
    assert!(!passes(json!({"product": "widget", "year": {"gte": 2026}}), &metadata));
    assert!(passes(json!({"draft": false}), &metadata));
    assert!(!passes(json!({"missing": null}), &metadata));
}

#[test]
fn combinations_nest() {
    let metadata = json!({"a": 1, "b": "x"});
    assert!(passes(
        json!({"or": [{"a": 2}, {"and": [{"a": 1}, {"not": {"b": "y"}}]}]}),
        &metadata
    ));
    assert!(!passes(json!({"not": {"or": [{"a": 1}, {"b": "z"}]}}), &metadata));
}

#[test]
fn lists_match_by_element_and_ne_is_the_opposite_of_eq() {
    let metadata = json!({"tags": ["billing", "refund"], "sizes": [1, 9]});
    assert!(passes(json!({"tags": "refund"}), &metadata));
    assert!(passes(json!({"tags": {"in": ["x", "billing"]}}), &metadata));
    assert!(!passes(json!({"tags": {"in": []}}), &metadata));
    assert!(!passes(json!({"tags": {"ne": "refund"}}), &metadata));
    assert!(passes(json!({"absent": {"ne": "refund"}}), &metadata));
    assert!(passes(json!({"sizes": {"gt": 8}}), &metadata));
}

#[test]
fn dots_reach_into_objects_and_a_name_with_a_dot_comes_first() {
    let metadata = json!({"author": {"name": "Ann"}, "a.b": 1, "a": {"b": 2}, "x.y": {"z": 3}});
    assert!(passes(json!({"author.name": "Ann"}), &metadata));
    assert!(passes(json!({"a.b": 1}), &metadata));
    assert!(passes(json!({"x.y.z": 3}), &metadata));
    assert!(passes(
        json!({"author.name": {"exists": true}, "author.age": {"exists": false}}),
        &metadata
    ));
}

#[test]
fn numbers_compare_by_value_and_types_never_mix() {
    let metadata = json!({"n": 1, "big": u64::MAX, "s": "1", "when": "2025-03-01T00:00:00Z"});
    assert!(passes(json!({"n": 1.0}), &metadata));
    assert!(!passes(json!({"n": "1"}), &metadata));
    assert!(!passes(json!({"s": {"gte": 0}}), &metadata));
    assert!(!passes(json!({"big": u64::MAX - 1}), &metadata));
    assert!(passes(json!({"when": {"gt": "2025-02-28T23:59:59Z"}}), &metadata));
}

#[test]
fn metadata_that_is_no_object_has_no_fields() {
    for metadata in [Value::Null, json!([1]), json!("x")] {
        assert!(!passes(json!({"a": 1}), &metadata));
        assert!(passes(json!({"a": {"exists": false}}), &metadata));
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let found =
        problems(json!({"a": {"like": "x"}, "or": [], "not": 3, "b": {"in": "x", "gt": true}, "c": [1], "d": {}}));
    let mut paths: Vec<&str> = found.iter().filter_map(|problem| problem.split(':').next()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/a/like", "/b/gt", "/b/in", "/c", "/d", "/not", "/or"]);
    assert_eq!(problems(json!([1])), [": must be an object, not a list"]);
}

#[test]
fn depth_size_and_reported_errors_are_bounded() {
    let mut deep = json!({"a": 1});
    for _ in 0..100 {
        deep = json!({"not": deep});
    }
    assert_eq!(problems(deep).len(), 1);
    let wide: Vec<Value> = (0..10_000).map(|n| json!({"a": n})).collect();
    assert_eq!(problems(json!({"or": wide})).len(), 1);
    let wrong: Vec<Value> = (0..200).map(|_| json!(1)).collect();
    assert_eq!(problems(json!({"or": wrong})).len(), 50);
    assert_eq!(problems(json!({"a": "x".repeat(5000)})).len(), 1);
    assert_eq!(problems(json!({"a": {"in": vec![1; 1001]}})).len(), 1);
}

#[test]
fn what_is_known_of_documents_has_names_of_its_own() {
    for known in ["$title", "$updated_at", "$said.author.name"] {
        assert_eq!(Filter::parse(&json!({known: {"exists": true}})).err(), None, "{known}");
    }
    for unknown in ["$said", "$said.", "$size", "$"] {
        let problems = problems(json!({unknown: 1}));
        assert!(problems[0].contains("is not known of documents"), "{problems:?}");
    }
}

#[test]
fn a_documents_time_is_compared_with_times_only() {
    for wrong in [
        json!({"$created_at": {"gte": "yesterday"}}),
        json!({"$updated_at": {"lt": 2026}}),
        json!({"$created_at": {"in": ["2026", "soon"]}}),
        json!({"$created_at": null}),
    ] {
        let problems = problems(wrong.clone());
        assert!(
            problems.len() == 1 && problems[0].contains("must be a time of RFC 3339 in UTC"),
            "{wrong}: {problems:?}"
        );
    }
    for (wrong, path) in [
        (json!({"$created_at": {"gte": "soon"}}), "/$created_at/gte"),
        (
            json!({"$created_at": {"lt": "2026", "in": ["soon"]}}),
            "/$created_at/in",
        ),
        (json!({"$created_at": "soon"}), "/$created_at"),
    ] {
        let errors = Filter::parse(&wrong).unwrap_err();
        assert_eq!(errors[0].path, path, "{errors:?}");
    }
    let at = json!({"$created_at": "2026-11-30T08:00:00Z"});
    let passes = |filter: Value| {
        Filter::parse(&filter)
            .unwrap()
            .matches(&|path| at.get(path).map(Cow::Borrowed))
    };
    assert!(passes(json!({"$created_at": {"gte": "2026-11-30", "lt": "2026-12"}})));
    assert!(passes(json!({"$created_at": "2026-11-30T08:00:00+00:00"})));
    assert!(passes(json!({"$created_at": {"exists": true}})));
}
