//! Nothing a tenant sends makes a search or a change fail, or take long.

use std::time::{Duration, Instant};

use retrieval::{Language, Mode, Query, ReplicaOptions};

use crate::support::{Base, DIMENSIONS, data_directory, document, ids, query};

const QUERY: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

const LANGUAGES: [&str; 19] = [
    "ar", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it", "nl", "no", "pt", "ro", "ru", "sv", "ta", "tr", "und",
];

fn naughty_strings() -> Option<Vec<String>> {
    let path = data_directory().join("abuse/naughty-strings/blns.json");
    let Ok(json) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there; set VISUALKIT_DATA_EVAL_DIR", path.display());
        return None;
    };
    Some(serde_json::from_str(&json).unwrap())
}

#[test]
fn naughty_strings_are_indexed_and_searched_in_every_language() {
    let Some(strings) = naughty_strings() else { return };
    assert!(strings.len() > 400);
    for code in LANGUAGES {
        let base = Base::with(ReplicaOptions::new(Language::from_code(code), "m", DIMENSIONS));
        let documents = (0..).zip(&strings).map(|(id, string)| {
            let mut naughty = document(id, string);
            naughty.title.clone_from(string);
            naughty.chunks[0].headings = vec![string.clone()];
            naughty
        });
        base.put(documents.collect());
        // Analysing is what differs between languages, and indexing has done that with every string.
        let step = if code == "en" { 1 } else { 25 };
        for string in strings.iter().step_by(step) {
            base.search(Mode::Hybrid, string, QUERY);
        }
    }
}

#[test]
fn random_letters_of_every_script_are_analysed_in_every_language() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    // Starts of blocks: Latin, its extensions, marks, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Tamil, Thai, Kana, Han.
    let blocks = [
        0x61, 0xC0, 0x100, 0x300, 0x391, 0x430, 0x5D0, 0x627, 0x905, 0xB85, 0xE01, 0x3041, 0x4E00,
    ];
    let texts: Vec<String> = (0..400)
        .map(|_| {
            let block = blocks[random(blocks.len() as u64) as usize];
            let letters = (0..60).map(|_| match random(8) {
                0 => ' ',
                1 => char::from_u32(random(0x11_0000) as u32).unwrap_or('\''),
                _ => char::from_u32(block + random(40) as u32).unwrap_or(' '),
            });
            letters.collect()
        })
        .collect();
    for code in LANGUAGES {
        let base = Base::with(ReplicaOptions::new(Language::from_code(code), "m", DIMENSIONS));
        base.put((0..).zip(&texts).map(|(id, text)| document(id, text)).collect());
        for text in texts.iter().step_by(10) {
            base.search(Mode::Keyword, text, QUERY);
        }
    }
}

#[test]
fn query_text_is_never_syntax() {
    let base = Base::new();
    base.put(vec![document(1, "refund policy"), document(2, "title of the song")]);
    for text in [
        "title:refund",
        "+refund -policy",
        "\"refund",
        "refund AND (",
        "refund*",
        "body:[a TO z] refund",
        "refund~2^9",
    ] {
        assert!(ids(&base.search(Mode::Keyword, text, QUERY)).contains(&1), "{text}");
    }
    assert_eq!(base.keyword("-refund"), [1]);
}

#[test]
fn a_query_of_a_megabyte_is_answered_quickly() {
    let base = Base::new();
    base.put(
        (0..2000)
            .map(|id| document(id, &format!("refund word{} word{}", id % 600, id % 7)))
            .collect(),
    );
    let words: String = (0..150_000).map(|n| format!("word{n} ")).collect();
    for text in [
        words,
        "refund ".repeat(150_000),
        "é".repeat(1 << 20),
        "返".repeat(1 << 19),
        "'\"".repeat(1 << 19),
    ] {
        let started = Instant::now();
        base.search(Mode::Hybrid, &text, QUERY);
        let took = started.elapsed();
        assert!(
            took < Duration::from_secs(2),
            "{took:?} for {:?}…",
            text.chars().take(10).collect::<String>()
        );
    }
}

#[test]
fn a_word_repeated_beyond_bounds_and_huge_limits_are_harmless() {
    let base = Base::new();
    base.put(vec![
        document(1, &"refund ".repeat(100_000)),
        document(2, &"x".repeat(1 << 20)),
        document(3, ""),
    ]);
    let asked = Query {
        limit: usize::MAX,
        candidates: usize::MAX,
        ..query(Mode::Hybrid, "refund", QUERY)
    };
    let hits = base.replica.search(&asked).unwrap();
    assert_eq!(ids(&hits), [1, 2, 3]);
    assert!(hits.hits[0].highlights.iter().all(|piece| piece.len() < 300));
    let nothing = Query {
        limit: 0,
        candidates: 0,
        ..query(Mode::Hybrid, "refund", QUERY)
    };
    assert!(base.replica.search(&nothing).unwrap().hits.is_empty());
}
