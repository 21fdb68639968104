use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use answers::{
    Composition, MAX_CLAIMS, NoVectors, Passage, check, compose, sentences_to_embed, split_sentences, texts_to_embed,
};
use uuid::Uuid;

/// Generous: unoptimised builds on a loaded machine with two cores.
const PATIENCE: Duration = Duration::from_secs(180);

fn passage(text: &str) -> Passage {
    Passage {
        chunk_id: Uuid::nil(),
        document_id: Uuid::nil(),
        title: text.chars().take(50).collect(),
        headings: vec![text.chars().take(20).collect()],
        text: text.to_owned(),
        score: f32::NAN,
        cosine: f32::NAN,
    }
}

fn everything(text: &str, other: &str) {
    let _ = split_sentences(text);
    let report = check(text, &[other, text, ""], Some(text), &NoVectors);
    assert!(report.score.is_finite() && (0.0..=1.0).contains(&report.score));
    assert!(report.claims.iter().all(|claim| (0.0..=1.0).contains(&claim.score)));
    let _ = texts_to_embed(text, &[other]);
    let passages = [passage(other), passage(text)];
    let _ = sentences_to_embed(text, &passages);
    if let Composition::Answered(sentences) = compose(text, &passages, &NoVectors) {
        assert!((1..=8).contains(&sentences.len()), "{text}");
    }
}

#[test]
fn large_and_endless_input_is_bounded() {
    let begun = Instant::now();
    let sentences: String = (0..10_000)
        .map(|index| format!("Sentence {index} says that lamp {index} floats on water. "))
        .collect();
    let report = check(&sentences, &[&sentences], None, &NoVectors);
    assert!(report.truncated && report.claims.len() <= 2 * MAX_CLAIMS);
    for large in [
        "word ".repeat(200_000),
        "x".repeat(1_000_000),
        "same same. ".repeat(90_000),
        "1,".repeat(500_000),
        "。".repeat(300_000),
    ] {
        everything(&large, "The lamp floats.");
        println!("{:?} {}", begun.elapsed(), large.chars().take(10).collect::<String>());
    }
    everything("The lamp floats on water.", &sentences);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn odd_text_does_no_harm() {
    let odd = [
        "",
        " ",
        "\0",
        "\u{feff}",
        "...",
        "?!?!",
        "```",
        "|",
        "# ",
        "- ",
        "1.",
        "'t",
        "n't",
        "can't't",
        "$",
        "$.",
        "1e999999",
        "٣٤",
        "½ ½",
        "🙂🙂 🙂",
        "a\u{301}\u{301}\u{301}",
        "\u{202e}abc",
        "９９ hours",
        "5-",
        "-5--6",
        "v1",
        "v",
        "@",
        "://",
        "--",
        "/",
        "的",
        "的。",
        "9999999999999999999999999999999999999999999999999999",
        "1,,,,2",
        "$,",
        "not",
        "not not not",
        "no 1",
        "ﬃ",
        "İstanbul İİİ",
        "ß'T",
        "İ't",
    ];
    for text in odd {
        everything(text, "The lamp does not float within 36 hours.");
        everything("The lamp does not float within 36 hours?", text);
    }
}

#[test]
fn naughty_strings_do_no_harm() {
    let path = data_folder().join("abuse/naughty-strings/blns.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no naughty strings at {}", path.display());
        return;
    };
    let strings: Vec<String> = serde_json::from_str(&text).unwrap();
    for string in &strings {
        everything(string, "The lamp does not float within 36 hours.");
    }
    everything(&strings.join("\n"), &strings.join(" "));
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test has no configuration; only the place of the data comes from outside"
)]
fn data_folder() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("VISUALKIT_DATA_EVAL_DIR").map_or_else(default, PathBuf::from)
}

#[test]
fn the_same_input_gives_the_same_output() {
    let source =
        "Lamps float. Lamps sink. Lamps glow in the dark. The Team plan has 10 seats. The Pro plan has 20 seats.";
    let claim = "Lamps float and glow. The Team plan has 20 seats.";
    let first = check(claim, &[source], None, &NoVectors);
    let passages = [passage(source), passage("The Pro plan includes lamps.")];
    let answer = compose("How many seats has the Pro plan?", &passages, &NoVectors);
    for _ in 0..20 {
        assert_eq!(check(claim, &[source], None, &NoVectors), first);
        assert_eq!(
            compose("How many seats has the Pro plan?", &passages, &NoVectors),
            answer
        );
    }
}
