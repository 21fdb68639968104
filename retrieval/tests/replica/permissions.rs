//! A search answers with what its viewer may see, in every mode.

use retrieval::{Acl, IndexedDocument, Language, Mode, Query, ReplicaOptions, Together, Viewer};

use crate::support::{Base, DIMENSIONS, document, ids, query, with_vector};

const QUERY: [f32; 4] = [1.0, 0.0, 0.0, 0.0];
const MODES: [Mode; 3] = [Mode::Keyword, Mode::Vector, Mode::Hybrid];

fn listed(id: u128, acl: Acl) -> IndexedDocument {
    IndexedDocument {
        acl,
        ..document(id, "refund policy")
    }
}

fn users(names: &[&str]) -> Acl {
    Acl {
        users: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Acl::default()
    }
}

fn groups(names: &[&str]) -> Acl {
    Acl {
        groups: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Acl::default()
    }
}

fn principal(user: Option<&str>, groups: &[&str]) -> Viewer {
    Viewer::Principal {
        user: user.map(str::to_owned),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
    }
}

#[test]
fn viewers_see_public_documents_and_those_that_list_them() {
    let base = Base::new();
    base.put(vec![
        listed(1, Acl::public()),
        listed(2, users(&["ann", "bob"])),
        listed(3, groups(&["staff"])),
        listed(4, Acl::default()),
    ]);
    let cases = [
        (Viewer::Tenant, vec![1, 2, 3, 4]),
        (Viewer::Public, vec![1]),
        (principal(None, &[]), vec![1]),
        (principal(Some("ann"), &[]), vec![1, 2]),
        (principal(Some("eve"), &["staff"]), vec![1, 3]),
        (principal(Some("ann"), &["staff", "x"]), vec![1, 2, 3]),
        (principal(Some("staff"), &["ann"]), vec![1]),
    ];
    for (viewer, expected) in cases {
        for mode in MODES {
            let asked = Query {
                viewer: viewer.clone(),
                explain: true,
                ..query(mode, "refund", QUERY)
            };
            let hits = base.replica.search(&asked).unwrap();
            assert_eq!(ids(&hits), expected, "{viewer:?} {mode:?}");
            assert_eq!((hits.candidates, hits.ranking.len()), (expected.len(), expected.len()));
        }
    }
}

#[test]
fn ten_thousand_forbidden_better_matches_hide_nothing() {
    let base = Base::new();
    base.put((0..10_000).map(|id| document(id, "refund refund refund")).collect());
    let weak = "after many other words there is also something on a refund in this long text";
    base.put(vec![IndexedDocument {
        acl: Acl::public(),
        ..with_vector(document(20_000, weak), [0.1, 1.0, 0.0, 0.0])
    }]);
    for mode in MODES {
        let asked = Query {
            viewer: Viewer::Public,
            ..query(mode, "refund", QUERY)
        };
        assert_eq!(ids(&base.replica.search(&asked).unwrap()), [20_000]);
    }
}

#[test]
fn a_changed_list_counts_at_once() {
    let base = Base::new();
    base.put(vec![listed(1, Acl::public())]);
    base.put(vec![listed(1, users(&["ann"]))]);
    for mode in MODES {
        let asked = Query {
            viewer: Viewer::Public,
            ..query(mode, "refund", QUERY)
        };
        assert!(base.replica.search(&asked).unwrap().hits.is_empty());
    }
}

#[test]
fn permissions_survive_closing_and_opening() {
    let base = Base::new();
    base.put(vec![
        listed(1, Acl::default()),
        listed(2, groups(&["staff"])),
        listed(3, Acl::public()),
    ]);
    base.replica.close().unwrap();
    let again = retrieval::Replica::open(base.path(), crate::support::options()).unwrap();
    let asked = Query {
        viewer: principal(None, &["staff"]),
        ..query(Mode::Hybrid, "refund", QUERY)
    };
    assert_eq!(ids(&again.search(&asked).unwrap()), [2, 3]);
}

/// What a search finds for everybody, and the words that it looked for.
fn for_everybody(base: &Base, text: &str) -> (Vec<u128>, Vec<String>) {
    let asked = Query {
        viewer: Viewer::Public,
        explain: true,
        ..query(Mode::Keyword, text, QUERY)
    };
    let hits = base.replica.search(&asked).unwrap();
    (ids(&hits), hits.terms)
}

fn saying(id: u128, text: &str, acl: Acl) -> IndexedDocument {
    IndexedDocument {
        acl,
        ..document(id, text)
    }
}

#[test]
fn a_word_of_a_document_that_may_not_be_seen_is_looked_for_as_if_nobody_had_written_it() {
    let (with, without) = (Base::new(), Base::new());
    for base in [&with, &without] {
        base.put(vec![saying(1, "The lantern shines.", Acl::public())]);
    }
    with.put(vec![saying(2, "Project Lantren begins.", Acl::default())]);
    let found = for_everybody(&with, "lantren");
    assert_eq!(found, (vec![1], vec!["lantern".to_owned()]));
    assert_eq!(found, for_everybody(&without, "lantren"));
    // The tenant means what it has written.
    assert_eq!(with.keyword("lantren"), [2]);
}

#[test]
fn spellings_that_may_not_be_seen_take_the_place_of_none_that_may() {
    let base = Base::new();
    base.put(vec![saying(1, "The lantern shines.", Acl::public())]);
    let commoner = ["lantarn", "lantirn", "lantorn", "lanturn"];
    base.put(
        (10..)
            .zip(commoner.iter().cycle().take(12))
            .map(|(id, word)| saying(id, &format!("The {word} shines."), Acl::default()))
            .collect(),
    );
    assert_eq!(for_everybody(&base, "lantyrn").0, [1]);
}

#[test]
fn words_that_may_not_be_seen_tell_no_spellings_apart() {
    let (hidden_invoice, hidden_lantern) = ("Invoices are sent.", "The lantern shines.");
    for (asked, hidden, seen, expected) in [
        // "Invoices" is written nearly so, and "invisible" is not.
        ("invoise", hidden_invoice, vec!["An invisible layer."], vec![1]),
        // Nor is "invoicing", which has its stem.
        (
            "invoise",
            hidden_invoice,
            vec!["An invisible layer.", "Invoicing begins."],
            vec![1, 2],
        ),
        // The stem of "lantern" begins as a word does that may be seen, and is of another.
        (
            "lanters",
            hidden_lantern,
            vec!["Lancering begins.", "The lanterax ends."],
            vec![1],
        ),
    ] {
        let (with, without) = (Base::new(), Base::new());
        for base in [&with, &without] {
            let documents = (1..).zip(&seen);
            base.put(documents.map(|(id, text)| saying(id, text, Acl::public())).collect());
        }
        with.put(vec![saying(9, hidden, Acl::default())]);
        for base in [&with, &without] {
            let (mut found, _) = for_everybody(base, asked);
            found.sort_unstable();
            assert_eq!(found, expected, "{asked}, {seen:?}");
        }
        // The tenant means what it has written.
        assert!(with.keyword(asked).contains(&9), "{asked}, {seen:?}");
    }
}

#[test]
fn compounds_that_may_not_be_seen_are_none() {
    let base = Base::with(ReplicaOptions::new(Language::German, "test-model", DIMENSIONS));
    base.put(vec![
        saying(1, "Der Unterricht beginnt.", Acl::public()),
        saying(2, "Der Grundschulunterricht beginnt.", Acl::default()),
    ]);
    let (found, terms) = for_everybody(&base, "Unterricht");
    assert_eq!((found, terms.len()), (vec![1], 1), "{terms:?}");
    assert_eq!(base.keyword("Unterricht").len(), 2);
}

#[test]
fn a_word_that_a_base_beside_it_hides_is_corrected() {
    let (lamps, kettles) = (Base::new(), Base::new());
    lamps.put(vec![saying(1, "The Aurora lamp shines.", Acl::default())]);
    kettles.put(vec![saying(2, "The Aurola kettle boils.", Acl::public())]);
    let asked = Query {
        viewer: Viewer::Public,
        ..query(Mode::Keyword, "aurora", QUERY)
    };
    let together = Together::of(&[(&lamps.replica, &asked), (&kettles.replica, &asked)]).unwrap();
    let beside = Query {
        together: Some(together),
        ..asked
    };
    assert_eq!(ids(&kettles.replica.search(&beside).unwrap()), [2]);
}
