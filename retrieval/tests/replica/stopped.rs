//! Searches that end before they have found what was asked for.

use std::time::Instant;

use retrieval::{Error, Filter, Mode, Phrase, Query, Stop, Together};
use serde_json::json;

use crate::support::{Base, document, query};

const QUERY: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

/// A search for each of what may take long.
fn dear() -> Vec<(&'static str, Query)> {
    let plain = query(Mode::Keyword, "refund", QUERY);
    let filtered = Query {
        filter: Some(Filter::parse(&json!({"tags": {"in": ["a", "b"]}})).unwrap()),
        ..plain.clone()
    };
    let with_phrase = Query {
        phrases: vec![Phrase::new("a refund").unwrap()],
        ..plain
    };
    vec![
        ("filter", filtered),
        ("phrase", with_phrase),
        ("vector", query(Mode::Vector, "refund", QUERY)),
    ]
}

#[test]
fn a_search_that_nobody_wants_or_that_takes_too_long_ends_where_it_looks_at_much() {
    let base = Base::new();
    base.put(vec![document(1, "a refund arrives"), document(2, "another refund")]);
    for (what, asked) in dear() {
        assert!(base.replica.search(&asked).is_ok(), "{what}");
        let stop = Stop::default();
        let unwanted = Query {
            stop: stop.clone(),
            ..asked.clone()
        };
        assert!(base.replica.search(&unwanted).is_ok(), "{what}");
        stop.stop();
        let ended = base.replica.search(&unwanted);
        assert!(matches!(ended, Err(Error::Unwanted)), "{what}: {ended:?}");
        let late = Query {
            stop: Stop::new(Some(Instant::now())),
            ..asked
        };
        let ended = base.replica.search(&late);
        assert!(matches!(ended, Err(Error::TooCostly)), "{what}: {ended:?}");
    }
}

#[test]
fn bases_are_not_looked_at_for_a_search_that_nobody_wants() {
    let base = Base::new();
    base.put(vec![document(1, "a refund arrives")]);
    let asked = query(Mode::Keyword, "refund", QUERY);
    assert!(Together::of(&[(&base.replica, &asked)]).is_ok());
    asked.stop.stop();
    let ended = Together::of(&[(&base.replica, &asked)]);
    assert!(matches!(ended, Err(Error::Unwanted)), "{ended:?}");
}
