//! What each mode finds, in which order, and what `explain` tells.

use retrieval::{Error, Filter, Fusion, Mode, Query, Viewer};
use serde_json::json;

use crate::support::{Base, chunk, document, ids, query, with_vector};

/// 1 matches the words, 2 the vector, 3 a little of both, 4 neither.
fn four() -> Base {
    let base = Base::new();
    base.put(vec![
        with_vector(document(1, "refund refund policy"), [0.0, 1.0, 0.0, 0.0]),
        with_vector(document(2, "money comes back"), [1.0, 0.0, 0.0, 0.0]),
        with_vector(
            document(3, "a refund arrives after some days in most of the cases"),
            [0.8, 0.6, 0.0, 0.0],
        ),
        with_vector(document(4, "unrelated"), [-1.0, 0.0, 0.0, 0.0]),
    ]);
    base
}

const QUERY: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

#[test]
fn each_mode_finds_what_it_must() {
    let base = four();
    assert_eq!(ids(&base.search(Mode::Keyword, "refunds", QUERY)), [1, 3]);
    assert_eq!(ids(&base.search(Mode::Vector, "refunds", QUERY)), [2, 3, 1, 4]);
    let hybrid = Query {
        fusion: Fusion::Weighted { alpha: 0.5 },
        ..query(Mode::Hybrid, "refunds", QUERY)
    };
    assert_eq!(ids(&base.replica.search(&hybrid).unwrap()), [3, 2, 1, 4]);
}

#[test]
fn every_candidate_is_scored_by_both_legs() {
    let base = four();
    let asked = Query {
        candidates: 1,
        limit: 1,
        explain: true,
        ..query(Mode::Hybrid, "refunds", QUERY)
    };
    let hits = base.replica.search(&asked).unwrap();
    assert_eq!((hits.candidates, hits.ranking.len(), hits.hits.len()), (2, 2, 1));
    assert_eq!(hits.terms, ["refund"]);
    let by_words = hits
        .ranking
        .iter()
        .find(|score| score.document_id.as_u128() == 1)
        .unwrap()
        .explain;
    assert_eq!(
        (by_words.keyword_rank, by_words.vector_rank, by_words.cosine),
        (Some(1), None, Some(0.0))
    );
    let share = by_words.keyword_share.unwrap();
    assert!((0.3..1.0).contains(&share), "{share}");
    assert!((by_words.score - 0.4 * share).abs() < 1e-6, "of a cosine of 0");
    let by_vector = hits
        .ranking
        .iter()
        .find(|score| score.document_id.as_u128() == 2)
        .unwrap()
        .explain;
    assert_eq!(
        (by_vector.keyword_rank, by_vector.vector_rank, by_vector.keyword_score),
        (None, Some(1), Some(0.0))
    );
}

#[test]
fn a_chunk_proposed_by_the_vector_leg_alone_gets_its_true_keyword_score() {
    let base = Base::new();
    let documents = (0..300).map(|id| {
        let text = format!("refund {}", "filler words ".repeat(id as usize % 7));
        with_vector(document(id, &text), [1.0, id as f32, 0.0, 0.0])
    });
    base.put(documents.collect());
    base.put(vec![document(1000, "invoice"), document(1001, "refund invoice refund")]);
    let all = Query {
        limit: 1000,
        candidates: 1000,
        ..query(Mode::Keyword, "refund filler invoice", QUERY)
    };
    let by_words = base.replica.search(&all).unwrap();
    let few = Query {
        limit: 5,
        candidates: 5,
        explain: true,
        ..query(Mode::Hybrid, "refund filler invoice", QUERY)
    };
    for candidate in base.replica.search(&few).unwrap().ranking {
        let expected = by_words
            .hits
            .iter()
            .find(|hit| hit.chunk_id == candidate.chunk_id)
            .unwrap()
            .score;
        assert!((candidate.explain.keyword_score.unwrap() - expected).abs() < 1e-5);
    }
}

#[test]
fn a_small_limit_finds_the_same_best_chunks_as_a_large_one() {
    let base = Base::new();
    for block in 0..5_u128 {
        let ids = block * 400..(block + 1) * 400;
        let text = |id: u128| {
            format!(
                "alpha {} {}",
                "beta ".repeat((id * 7 % 5) as usize),
                "gamma ".repeat((id * 3 % 11) as usize)
            )
        };
        base.put(ids.map(|id| document(id, &text(id))).collect());
    }
    let search = |limit| {
        let asked = Query {
            limit,
            candidates: limit,
            ..query(Mode::Keyword, "alpha beta gamma", QUERY)
        };
        base.replica.search(&asked).unwrap().hits
    };
    let all = search(1000);
    for limit in [1, 7, 100] {
        let few = search(limit);
        assert!(
            few.iter()
                .zip(&all)
                .all(|(few, all)| (few.score - all.score).abs() < 1e-5)
        );
    }
}

#[test]
fn equal_scores_are_ordered_by_document_ordinal_and_chunk_however_they_arrived() {
    let base = Base::new();
    for id in [5, 3, 9, 1, 7] {
        let mut twins = document(id, "same words");
        twins.chunks.push(chunk(id, 1, "same words", QUERY));
        twins.chunks.reverse();
        base.put(vec![twins]);
    }
    for mode in [Mode::Keyword, Mode::Vector, Mode::Hybrid] {
        let asked = Query {
            limit: 3,
            candidates: 3,
            ..query(mode, "same words", QUERY)
        };
        let hits = base.replica.search(&asked).unwrap().hits;
        let order: Vec<(u128, u32)> = hits
            .iter()
            .map(|hit| (hit.document_id.as_u128(), hit.ordinal))
            .collect();
        assert_eq!(order, [(1, 0), (1, 1), (3, 0)]);
    }
}

#[test]
fn a_title_match_counts_more_with_a_larger_boost() {
    let base = Base::new();
    let mut titled = document(1, "refund and many other words that make this text a long one to read");
    titled.title = "Refund".to_owned();
    base.put(vec![titled, document(2, "refund refund")]);
    let found = |title_boost| {
        ids(&base
            .replica
            .search(&Query {
                title_boost,
                ..query(Mode::Keyword, "refund", QUERY)
            })
            .unwrap())
    };
    assert_eq!(found(0.0), [2, 1]);
    assert_eq!(found(10.0), [1, 2]);
    assert_eq!(found(f32::NAN), [2, 1]);
}

#[test]
fn a_match_in_the_headings_of_a_chunk_counts_more_with_a_larger_boost() {
    let base = Base::new();
    let mut headed = document(1, "refund and many other words that make this text a long one to read");
    headed.chunks[0].headings = vec!["Returns".to_owned(), "Refund".to_owned()];
    base.put(vec![headed, document(2, "refund refund")]);
    let found = |title_boost, heading_boost| {
        ids(&base
            .replica
            .search(&Query {
                title_boost,
                heading_boost,
                ..query(Mode::Keyword, "refund", QUERY)
            })
            .unwrap())
    };
    assert_eq!(found(10.0, 0.0), [2, 1]);
    assert_eq!(found(0.0, 10.0), [1, 2]);
    assert_eq!(found(0.0, f32::NAN), [2, 1]);
}

#[test]
fn a_match_in_the_headings_of_sections_within_a_chunk_counts_as_one_above_it() {
    let base = Base::new();
    let sections = "## Refund\n\nIt takes a week until the money is there.\n\n## Parcels\n\nThey are sent by ship.";
    base.put(vec![document(1, sections), document(2, "refund refund")]);
    let found = |heading_boost| {
        ids(&base
            .replica
            .search(&Query {
                heading_boost,
                ..query(Mode::Keyword, "refund", QUERY)
            })
            .unwrap())
    };
    assert_eq!((found(0.0), found(10.0)), (vec![2, 1], vec![1, 2]));
}

#[test]
fn a_keyword_search_needs_no_vector_and_others_say_that_they_do() {
    let base = four();
    let mut asked = Query::new("refund", None, Viewer::Tenant);
    assert_eq!(asked.mode, Mode::Keyword);
    assert_eq!(ids(&base.replica.search(&asked).unwrap()), [1, 3]);
    asked.mode = Mode::Hybrid;
    assert!(matches!(
        base.replica.search(&asked),
        Err(Error::MissingQueryVector { mode: "hybrid" })
    ));
    asked.vector = Some(vec![1.0]);
    assert!(matches!(
        base.replica.search(&asked),
        Err(Error::QueryVectorLength { expected: 4, actual: 1 })
    ));
    asked.vector = Some(vec![f32::INFINITY; 4]);
    assert!(matches!(base.replica.search(&asked), Err(Error::QueryVectorNotFinite)));
}

#[test]
fn a_query_of_stop_words_alone_is_ranked_by_vector() {
    let base = four();
    assert!(base.keyword("to the of").is_empty());
    assert_eq!(ids(&base.search(Mode::Hybrid, "to the of", QUERY)), [2, 3, 1, 4]);
}

#[test]
fn reciprocal_rank_fusion_can_be_chosen() {
    let base = four();
    let asked = Query {
        fusion: Fusion::ReciprocalRank { k: 60.0 },
        ..query(Mode::Hybrid, "refund", QUERY)
    };
    assert_eq!(ids(&base.replica.search(&asked).unwrap()), [1, 3, 2, 4]);
}

#[test]
fn a_hit_carries_what_is_shown() {
    let base = four();
    let hit = base.search(Mode::Keyword, "refund policies", QUERY).hits.remove(0);
    assert_eq!(
        (hit.title.as_str(), hit.headings.as_slice()),
        ("Document 1", ["Heading".to_owned()].as_slice())
    );
    assert_eq!(
        (hit.text.as_str(), hit.highlights.as_slice()),
        (
            "refund refund policy",
            std::slice::from_ref(&(0.."refund refund policy".len()))
        )
    );
    assert!(hit.explain.is_none());
}

#[test]
fn filters_hold_in_every_mode_before_candidates_are_cut() {
    let base = Base::new();
    let tagged = |id: u128, product: &str| {
        let mut tagged = document(id, "refund");
        tagged.metadata = json!({"product": product});
        tagged
    };
    base.put(
        (0..500)
            .map(|id| tagged(id, "hat"))
            .chain([tagged(1000, "shoe")])
            .collect(),
    );
    let filter = Filter::parse(&json!({"product": "shoe"})).unwrap();
    for mode in [Mode::Keyword, Mode::Vector, Mode::Hybrid] {
        let asked = Query {
            filter: Some(filter.clone()),
            candidates: 10,
            ..query(mode, "refund", QUERY)
        };
        assert_eq!(ids(&base.replica.search(&asked).unwrap()), [1000]);
    }
}

#[test]
fn an_empty_base_answers_with_nothing() {
    let base = Base::new();
    for mode in [Mode::Keyword, Mode::Vector, Mode::Hybrid] {
        assert!(base.search(mode, "refund", QUERY).hits.is_empty());
    }
    let none = Query {
        limit: 0,
        ..query(Mode::Hybrid, "refund", QUERY)
    };
    assert!(four().replica.search(&none).unwrap().hits.is_empty());
}
