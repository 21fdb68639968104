//! How words are written that the Universal Declaration of Human Rights has in four languages, and how people type them.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tantivy::tokenizer::{AsciiFoldingFilter, Stemmer, TextAnalyzer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::analyzer::{analyzer, query_analyzer};
use super::segmenter::Segmenter;
use crate::language::Language;

fn words(language: Language) -> BTreeSet<String> {
    let file = format!("../tests/data/declaration/{}.md", language.code());
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    text.split(['’', '\''])
        .flat_map(UnicodeSegmentation::unicode_words)
        .map(str::to_lowercase)
        .collect()
}

fn term(analyzer: &mut TextAnalyzer, word: &str) -> Option<String> {
    let mut stream = analyzer.token_stream(word);
    stream.advance().then(|| stream.token().text.clone())
}

/// As typed on a keyboard without the marks; the umlauts of German as `ae`, `oe` and `ue`.
fn typed(word: &str, language: Language) -> String {
    let word = word.replace('ß', "ss").replace('œ', "oe");
    let word = match language {
        Language::German => word.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"),
        _ => word,
    };
    word.nfd().filter(|c| !is_combining_mark(*c)).collect()
}

/// The order that Snowball's authors had in mind: stems of the accented words, accents folded at the end.
fn stems_first(language: Language) -> TextAnalyzer {
    let segmenter = Segmenter::new(language, false);
    let chain = TextAnalyzer::builder(segmenter).filter(Stemmer::new(language.snowball().unwrap()));
    chain.filter(AsciiFoldingFilter).build()
}

/// Pairs of words that have one term.
fn pairs(words: &BTreeSet<String>, mut term_of: impl FnMut(&str) -> Option<String>) -> BTreeSet<(String, String)> {
    let mut by_term: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for word in words {
        if let Some(term) = term_of(word) {
            by_term.entry(term).or_default().push(word);
        }
    }
    let mut pairs = BTreeSet::new();
    for alike in by_term.values() {
        for (at, left) in alike.iter().enumerate() {
            let later = alike.iter().skip(at + 1);
            pairs.extend(later.map(|right| ((*left).clone(), (*right).clone())));
        }
    }
    pairs
}

#[test]
fn a_word_typed_without_its_accents_is_the_same_word() {
    for language in [
        Language::German,
        Language::French,
        Language::Spanish,
        Language::Portuguese,
    ] {
        let (mut index, mut query) = (analyzer(language), query_analyzer(language));
        let mut before = stems_first(language);
        let (mut marked, mut missed, mut missed_before) = (0, Vec::new(), 0);
        for word in words(language) {
            let Some(term_of_word) = term(&mut index, &word) else {
                continue;
            };
            let typed = typed(&word, language);
            if typed == word {
                continue;
            }
            marked += 1;
            missed_before += usize::from(term(&mut before, &word) != term(&mut before, &typed));
            // A stop word without its accent is a word that no text has.
            if term(&mut query, &typed) != Some(term_of_word) {
                missed.push(word);
            }
        }
        eprintln!(
            "{}: of {marked} words with marks, {} are another word without them; {missed_before} if stemmed with them. {missed:?}",
            language.code(),
            missed.len()
        );
        assert!(marked > 50 && missed.len() <= 2, "{missed:?}");
    }
}

#[test]
fn forms_of_a_word_stay_one_word() {
    for language in [
        Language::German,
        Language::French,
        Language::Spanish,
        Language::Portuguese,
    ] {
        let (mut now, mut before) = (analyzer(language), stems_first(language));
        let words: BTreeSet<String> = words(language)
            .into_iter()
            .filter(|word| term(&mut now, word).is_some())
            .collect();
        let (now, before) = (
            pairs(&words, |word| term(&mut now, word)),
            pairs(&words, |word| term(&mut before, word)),
        );
        let lost: Vec<_> = before.difference(&now).collect();
        let new: Vec<_> = now.difference(&before).collect();
        eprintln!(
            "{}: of {} pairs of forms {} are told apart now: {lost:?}; {} more are one: {new:?}",
            language.code(),
            before.len(),
            lost.len(),
            new.len()
        );
        assert!(lost.len() * 10 <= before.len(), "{}: {lost:?}", language.code());
    }
}
