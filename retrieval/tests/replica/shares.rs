//! What a keyword score is a share of, which a hybrid search weighs.

use retrieval::{Filter, Language, Mode, Query, ReplicaOptions};
use serde_json::json;

use crate::support::{Base, DIMENSIONS, document, options, query};

const QUERY: [f32; DIMENSIONS] = [1.0, 0.0, 0.0, 0.0];

fn english(more: &[&str]) -> Base {
    filled(options(), more)
}

/// The first document is what is asked about.
fn filled(options: ReplicaOptions, more: &[&str]) -> Base {
    let base = Base::with(options);
    let texts = [
        "A refund arrives after some days.",
        "The lamp shines by night.",
        "A kettle boils water.",
    ];
    let texts = texts.iter().chain(more);
    base.put((1..).zip(texts).map(|(id, text)| document(id, text)).collect());
    base
}

fn share(base: &Base, text: &str) -> f32 {
    share_of(base, query(Mode::Hybrid, text, QUERY))
}

fn share_of(base: &Base, asked: Query) -> f32 {
    let asked = Query { explain: true, ..asked };
    let found = base.replica.search(&asked).unwrap();
    let first = found
        .ranking
        .iter()
        .find(|found| found.document_id.as_u128() == 1)
        .unwrap();
    first.explain.keyword_share.unwrap()
}

fn near(left: f32, right: f32) -> bool {
    (left - right).abs() < 1e-4
}

#[test]
fn a_keyword_score_counts_as_much_as_it_covers_of_the_question() {
    let base = english(&[]);
    let alone = share(&base, "refund");
    assert!((0.3..1.0).contains(&alone), "{alone}");
    assert!(
        near(share(&base, "refund lamp"), alone / 2.0),
        "a word as rare, which others have"
    );
    assert!(
        near(share(&base, "refund elephant"), alone / 2.0),
        "a word that none has counts as one that a single one has"
    );
    assert!(
        near(share(&base, "refund refund lamp"), alone * 2.0 / 3.0),
        "as often as it is asked for"
    );
    assert!(near(share(&base, "elephant"), 0.0) && near(share(&base, "?"), 0.0));
}

#[test]
fn a_share_is_the_same_whatever_else_is_found() {
    let base = english(&["refund refund refund"]);
    let all = share(&base, "refund days");
    let one = Query {
        filter: Some(Filter::parse(&json!({"$title": "Document 1"})).unwrap()),
        ..query(Mode::Hybrid, "refund days", QUERY)
    };
    assert!(near(share_of(&base, one), all));
}

#[test]
fn a_misspelt_word_is_measured_as_it_is_read() {
    // The word is common here: what nobody has would be rarer.
    let base = english(&["refund one", "refund two", "refund three"]);
    assert!(near(share(&base, "refnud"), share(&base, "refund")));
}

#[test]
fn stop_words_of_one_of_the_languages_count_where_there_is_nothing_else() {
    let auto = ReplicaOptions::new(Language::Auto, "test-model", DIMENSIONS);
    let german =
        "Die Rückerstattung kommt nach einigen Tagen an, und sie ist nicht die einzige, die über die Bank läuft.";
    let base = filled(auto, &[german, german, german]);
    assert!(near(share(&base, "the refund"), share(&base, "refund")));
    let found = base.search(Mode::Hybrid, "die", QUERY);
    assert!(found.hits.iter().all(|hit| hit.score.is_finite()));
}

#[test]
fn boosts_do_not_make_the_keyword_leg_weigh_more() {
    let base = english(&[]);
    let boosted = |title_boost: f32| Query {
        title_boost,
        ..query(Mode::Hybrid, "refund", QUERY)
    };
    assert!(near(share_of(&base, boosted(3.0)) * 4.0, share_of(&base, boosted(0.0))));
}
