//! What a query may ask for beside its words: phrases, other spellings, newer documents first.

use retrieval::{Acl, DocumentChange, IndexedDocument, Mode, Phrase, Query, Recency, Together, Viewer};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Base, document, ids, query, with_vector};

const NOWHERE: [f32; 4] = [0.0, 0.0, 0.0, 1.0];

fn with_phrase(mode: Mode, text: &str, phrase: &str) -> Query {
    Query {
        phrases: vec![Phrase::new(phrase).unwrap()],
        ..query(mode, text, [1.0, 0.0, 0.0, 0.0])
    }
}

fn found(base: &Base, query: &Query) -> Vec<u128> {
    ids(&base.replica.search(query).unwrap())
}

#[test]
fn a_phrase_narrows_both_legs_to_the_chunks_that_hold_it() {
    let base = Base::new();
    base.put(vec![
        document(1, "The connection was refused by the host."),
        document(2, "It says: Connection\nRefused. Try again."),
        document(3, "Connections refused are logged."),
    ]);
    for mode in [Mode::Keyword, Mode::Vector, Mode::Hybrid] {
        assert_eq!(
            found(&base, &with_phrase(mode, "connection", "connection refused")),
            [2]
        );
        assert!(found(&base, &with_phrase(mode, "connection", "connection lost")).is_empty());
    }
}

#[test]
fn a_phrase_of_stop_words_and_signs_is_found_and_so_is_one_in_a_title() {
    let base = Base::new();
    let mut titled = document(3, "Nothing of the kind.");
    titled.chunks[0].embed_text = format!("{}\n{}", titled.title, titled.chunks[0].text);
    base.put(vec![
        document(1, "To be or not to be."),
        document(2, "Set --no-verify to skip it."),
        titled,
    ]);
    assert_eq!(found(&base, &with_phrase(Mode::Vector, "x", "not to be")), [1]);
    assert_eq!(found(&base, &with_phrase(Mode::Vector, "x", "--no-verify")), [2]);
    assert_eq!(found(&base, &with_phrase(Mode::Vector, "x", "document 3")), [3]);
}

#[test]
fn a_phrase_in_the_address_of_a_link_is_found_though_nobody_searches_for_addresses() {
    let base = Base::new();
    let mut linked = document(
        1,
        "Log in at the portal (https://portal.example.com/login) with a key (or two).",
    );
    linked.chunks[0].embed_text = "Log in at the portal with a key (or two).".to_owned();
    base.put(vec![linked, document(2, "An example of a portal login.")]);
    for phrase in [
        "portal.example.com",
        "https://portal.example.com/login",
        "the portal (https",
    ] {
        assert_eq!(found(&base, &with_phrase(Mode::Vector, "x", phrase)), [1], "{phrase}");
    }
    assert!(base.keyword("https").is_empty(), "words of an address are no words");
}

#[test]
fn a_phrase_that_reads_over_the_end_of_a_link_is_found_as_the_page_shows_it() {
    let base = Base::new();
    let mut linked = document(
        1,
        "Send it back with this form (https://shop.example/f) within 30 days.",
    );
    linked.chunks[0].embed_text = "Send it back with this form within 30 days.".to_owned();
    base.put(vec![linked, document(2, "This form is 30 days old.")]);
    for phrase in ["with this form within 30 days", "form (https://shop.example/f) within"] {
        for mode in [Mode::Keyword, Mode::Vector] {
            assert_eq!(found(&base, &with_phrase(mode, "form", phrase)), [1], "{phrase}");
        }
    }
}

#[test]
fn a_phrase_in_capitals_is_found_whatever_letters_they_stand_for() {
    let base = Base::new();
    base.put(vec![document(1, "Die Straße ist lang."), document(2, "Η οδός Αθηνάς.")]);
    for (phrase, id) in [("STRASSE", 1), ("strasse", 1), ("ΟΔΌΣ", 2), ("ΑΘΗΝΆΣ", 2)] {
        assert_eq!(found(&base, &with_phrase(Mode::Vector, "x", phrase)), [id], "{phrase}");
    }
    for (word, id) in [("STRASSE", 1), ("ΟΔΌΣ", 2)] {
        assert_eq!(base.keyword(word), [id], "{word}");
    }
}

#[test]
fn a_phrase_in_a_title_or_a_heading_is_found_however_little_of_them_stands_above_the_text() {
    let base = Base::new();
    let mut deep = document(1, "Press the button.");
    deep.title = format!("{}the lantern manual", "very long ".repeat(150));
    deep.chunks[0].headings = ["Care", "Cleaning the lens", "Daily"].map(str::to_owned).to_vec();
    deep.chunks[0].embed_text = "Daily\nPress the button.".to_owned();
    base.put(vec![deep, document(2, "Lens, cleaning, the manual lantern.")]);
    for phrase in ["very long very", "the lantern manual", "cleaning the lens", "daily"] {
        assert_eq!(found(&base, &with_phrase(Mode::Vector, "x", phrase)), [1], "{phrase}");
    }
    assert_eq!(found(&base, &with_phrase(Mode::Vector, "x", "document 2")), [2]);
    let phrases = ["lantern manual", "press the"].map(|phrase| Phrase::new(phrase).unwrap());
    let both = Query {
        phrases: phrases.to_vec(),
        ..query(Mode::Vector, "x", [1.0, 0.0, 0.0, 0.0])
    };
    assert_eq!(found(&base, &both), [1]);
    assert_eq!(base.keyword("lens"), [2], "what is not above a text does not score");
}

#[test]
fn whether_all_chunks_that_may_hold_a_phrase_were_looked_at_is_said() {
    let base = Base::new();
    base.put(vec![
        document(1, "The lamp is lit."),
        document(2, "Is the lamp lit?"),
        document(3, "Nothing of the kind."),
    ]);
    for (phrase_reads, is_partial) in [(2, false), (1, true), (0, true)] {
        let asked = Query {
            phrase_reads,
            ..with_phrase(Mode::Keyword, "lamp", "lamp is lit")
        };
        let hits = base.replica.search(&asked).unwrap();
        assert_eq!(hits.phrases_partial, is_partial, "{phrase_reads}");
        assert!(hits.hits.len() <= phrase_reads);
    }
    assert!(
        !base
            .replica
            .search(&query(Mode::Keyword, "lamp", [1.0, 0.0, 0.0, 0.0]))
            .unwrap()
            .phrases_partial
    );
}

#[test]
fn a_phrase_of_words_that_are_not_indexed_is_looked_for_in_as_many_chunks_as_any() {
    let base = Base::new();
    base.put(vec![
        document(1, "To be or not to be."),
        document(2, "It is to be."),
        document(3, "Nothing of the kind."),
    ]);
    for (phrase_reads, is_partial) in [(3, false), (2, true), (0, true)] {
        let asked = Query {
            phrase_reads,
            ..with_phrase(Mode::Vector, "x", "or not to")
        };
        let hits = base.replica.search(&asked).unwrap();
        assert_eq!(hits.phrases_partial, is_partial, "{phrase_reads}");
        assert!(is_partial || ids(&hits) == [1], "{hits:?}");
    }
}

#[test]
fn a_phrase_does_not_show_what_the_viewer_may_not_see() {
    let base = Base::new();
    base.put(vec![
        document(1, "the secret lamp"),
        public(document(2, "the secret lamp")),
    ]);
    let asked = Query {
        viewer: Viewer::Public,
        ..with_phrase(Mode::Hybrid, "lamp", "secret lamp")
    };
    assert_eq!(found(&base, &asked), [2]);
}

fn public(document: IndexedDocument) -> IndexedDocument {
    IndexedDocument {
        acl: Acl::public(),
        ..document
    }
}

#[test]
fn a_misspelt_name_is_found_and_a_word_that_exists_means_itself() {
    let base = Base::new();
    base.put(vec![
        document(1, "The Aurora lamp shines."),
        document(2, "Configure Kubernetes first."),
        document(3, "A form to fill in."),
        document(4, "The farm is far."),
    ]);
    for (misspelt, meant) in [("aurroa", 1), ("Aurra", 1), ("kubernets", 2), ("kubrenetse", 2)] {
        assert_eq!(base.keyword(misspelt), [meant], "{misspelt}");
    }
    assert_eq!(base.keyword("form"), [3], "farm is one letter away");
    let exact = Query {
        tolerate_typos: false,
        ..query(Mode::Keyword, "aurroa", NOWHERE)
    };
    assert!(found(&base, &exact).is_empty());
}

#[test]
fn a_misspelt_word_means_what_is_written_like_it_and_no_rare_word_whose_stem_is() {
    let base = Base::new();
    base.put(vec![
        document(
            1,
            "Invoices are sent on the first day of each month to the address of the account.",
        ),
        document(2, "An invisible layer."),
        document(
            3,
            "All invoices of a year are kept in the archive for ten years and more.",
        ),
    ]);
    let found = base.keyword("invoise");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(!found.contains(&2), "{found:?}");
    // Nobody means what is no longer there, though the index has its words until it merges them away.
    let removed = [1, 3].map(|id| DocumentChange::Delete(Uuid::from_u128(id)));
    base.replica.apply(removed.into(), 2).unwrap();
    assert_eq!(base.keyword("invoise"), [2]);
}

#[test]
fn of_several_spellings_of_one_word_the_rarest_does_not_win() {
    let base = Base::new();
    base.put(vec![
        document(1, "The lantern shines."),
        document(2, "The lantern burns."),
        document(3, "The lantern glows."),
        document(4, "Some lanterna."),
        document(5, "A lantern of ours, a lantern of theirs."),
    ]);
    // Both are one letter away; the rare one would have the higher score by its rarity alone.
    let found = base.keyword("lanterm");
    assert_eq!(found.len(), 4, "{found:?}");
    let found = base.keyword("lantena");
    assert!(found.contains(&4), "{found:?}");
}

/// Words of help centres that a stemmer shortens.
const WITH_ENDINGS: &str = "installation integration notification authentication verification cancellation subscription organization \
    configuration translation registration documentation permission extension billing shipping pricing settings tracking booking \
    reporting meetings payment shipment agreement management assignment deployment availability security compatibility visibility \
    warranties deliveries categories";

#[test]
fn a_letter_is_wrong_missing_or_swapped_in_words_with_endings_too() {
    let base = Base::new();
    let words: Vec<&str> = WITH_ENDINGS.split_whitespace().collect();
    let of_each = (1..)
        .zip(&words)
        .map(|(id, word)| document(id, &format!("All about {word} is here.")));
    base.put(of_each.collect());
    let mut missed = Vec::new();
    for (id, word) in (1..).zip(&words) {
        let letters: Vec<char> = word.chars().collect();
        for at in 1..letters.len() - 1 {
            let mut swapped = letters.clone();
            swapped.swap(at, at + 1);
            let mut missing = letters.clone();
            missing.remove(at);
            let mut wrong = letters.clone();
            wrong[at] = 'q';
            let mut surplus = letters.clone();
            surplus.insert(at, 'x');
            for misspelt in [swapped, missing, wrong, surplus] {
                let misspelt: String = misspelt.into_iter().collect();
                if !base.keyword(&misspelt).contains(&id) {
                    missed.push(misspelt);
                }
            }
        }
    }
    eprintln!("{} missed: {missed:?}", missed.len());
    assert!(missed.len() <= 10, "{} missed: {missed:?}", missed.len());
}

#[test]
fn a_misspelt_form_of_a_word_of_which_the_base_has_another_is_found() {
    let base = Base::new();
    base.put(vec![
        document(1, "Refunds are paid."),
        document(2, "We are integrating it."),
    ]);
    for (misspelt, id) in [("refnd", 1), ("refudns", 1), ("integrting", 2)] {
        assert_eq!(base.keyword(misspelt), [id], "{misspelt}");
    }
}

#[test]
fn the_words_of_a_document_that_was_replaced_are_no_longer_known() {
    let base = Base::new();
    base.put(vec![
        document(1, "Configure Kubernets first."),
        document(2, "Kubernetis sails."),
        document(3, "Nothing of the kind."),
    ]);
    base.put(vec![
        document(1, "Configure Kubernetes first."),
        document(2, "It sails."),
    ]);
    assert_eq!(base.keyword("kubernets"), [1]);
    let asked = Query {
        explain: true,
        ..query(Mode::Keyword, "kubernetys", NOWHERE)
    };
    assert_eq!(base.replica.search(&asked).unwrap().terms, ["kubernet"]);
}

#[test]
fn a_word_that_a_base_beside_it_knows_is_no_misspelling() {
    let (lamps, kettles) = (Base::new(), Base::new());
    lamps.put(vec![document(1, "The Aurora lamp shines.")]);
    kettles.put(vec![document(2, "The Aurola kettle boils.")]);
    let asked = query(Mode::Keyword, "aurora", NOWHERE);
    assert_eq!(found(&kettles, &asked), [2], "by itself");
    let together = Together::of(&[(&lamps.replica, &asked), (&kettles.replica, &asked)]).unwrap();
    let beside = Query {
        together: Some(together),
        ..asked
    };
    assert!(found(&kettles, &beside).is_empty());
    assert_eq!(found(&lamps, &beside), [1]);
}

#[test]
fn codes_and_short_words_are_not_corrected() {
    let base = Base::new();
    base.put(vec![document(1, "Error E4012 of the cat.")]);
    assert!(base.keyword("E4013").is_empty());
    assert!(base.keyword("car").is_empty());
}

#[test]
fn what_was_searched_for_instead_is_explained_and_highlighted() {
    let base = Base::new();
    base.put(vec![document(1, "The Aurora lamp shines.")]);
    let asked = Query {
        explain: true,
        ..query(Mode::Keyword, "aurroa", NOWHERE)
    };
    let hits = base.replica.search(&asked).unwrap();
    assert_eq!(hits.terms, ["aurora"]);
    assert_eq!(hits.hits[0].highlights.len(), 1);
}

#[test]
fn of_two_alike_the_newer_comes_first_when_asked_for() {
    let base = Base::new();
    let dated = |id, date: &str| IndexedDocument {
        metadata: json!({"page": {"date": date}}),
        ..with_vector(document(id, "a refund"), [0.9, 0.1, 0.0, 0.0])
    };
    base.put(vec![
        dated(1, "2020-01-01"),
        dated(2, "2026-11-01T00:00:00Z"),
        document(3, "a refund"),
    ]);
    let asked = |recency| Query {
        recency,
        ..query(Mode::Hybrid, "refund", [1.0, 0.0, 0.0, 0.0])
    };
    assert_eq!(found(&base, &asked(None))[0], 3, "the nearest");
    let recency = Recency {
        field: "page.date".to_owned(),
        half_life_days: 30.0,
        weight: 0.5,
        now: "2026-11-28T00:00:00Z".parse().unwrap(),
    };
    assert_eq!(found(&base, &asked(Some(recency))), [2, 3, 1]);
}
