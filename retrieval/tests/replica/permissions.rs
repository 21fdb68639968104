//! A search answers with what its viewer may see, in every mode.

use retrieval::{Acl, IndexedDocument, Mode, Query, Viewer};

use crate::support::{Base, document, ids, query, with_vector};

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
