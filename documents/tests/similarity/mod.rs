//! How close a document as we read it is to Markdown that somebody else made of it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

mod markdown;

use std::collections::HashMap;

pub use markdown::markdown;

/// Both are F1: the harmonic mean of how much of ours is expected and how much of the expected is ours; 1 is the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Of words, in any order: is the text there, and nothing else?
    pub words: f64,
    /// Of pairs of neighbouring words: is it in the same order?
    pub pairs: f64,
}

/// Compares what is left of both once markup, case and punctuation are gone.
pub fn similarity(ours: &str, expected: &str) -> Similarity {
    let (ours, expected) = (words(ours), words(expected));
    Similarity {
        words: f1(&counted(ours.iter().cloned()), &counted(expected.iter().cloned())),
        pairs: f1(&counted(pairs(&ours)), &counted(pairs(&expected))),
    }
}

/// Runs of letters and digits in lower case. HTML comments, tags, and the targets of links and pictures are markup.
pub fn words(markdown: &str) -> Vec<String> {
    let markup = regex::Regex::new(r"(?s)<!--.*?-->|</?[a-zA-Z][^<>]*>|\]\([^()\s]*\)").unwrap();
    markup
        .replace_all(markdown, " ")
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn pairs(words: &[String]) -> impl Iterator<Item = String> + '_ {
    words.windows(2).map(|pair| pair.join(" "))
}

fn counted(items: impl Iterator<Item = String>) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item).or_insert(0) += 1;
    }
    counts
}

fn f1(ours: &HashMap<String, usize>, expected: &HashMap<String, usize>) -> f64 {
    let total = |counts: &HashMap<String, usize>| counts.values().sum::<usize>();
    let both: usize = ours
        .iter()
        .map(|(item, count)| count.min(expected.get(item).unwrap_or(&0)))
        .sum();
    match total(ours) + total(expected) {
        0 => 1.0,
        sum => 2.0 * both as f64 / sum as f64,
    }
}

#[test]
fn the_same_words_in_another_order_share_words_and_not_pairs() {
    let same = similarity(
        "# One\n\ntwo | three",
        "one **two** <!-- image --> [three](https://x.example/a)",
    );
    assert_eq!(same, Similarity { words: 1.0, pairs: 1.0 });
    let turned = similarity("one two three", "three two one");
    assert_eq!(turned, Similarity { words: 1.0, pairs: 0.0 });
}
