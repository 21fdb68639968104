use std::collections::HashSet;

use super::kinds::is_imperative;
use super::question::{Question, Term};
use super::types::Passage;
use crate::text::{Sentence, SentenceKind, Word, is_similar_stem, split_sentences, words};

/// Passages beyond this many are not read.
const MAX_PASSAGES: usize = 20;
/// Sentences of one passage beyond this many are not read.
const MAX_SENTENCES_A_PASSAGE: usize = 80;

/// Weights of a question's term by where it stands: in the sentence itself, above it, beside it, or elsewhere in the passage.
const IN_SENTENCE: f32 = 1.0;
const OTHER_WORD: f32 = 0.8;
const IN_HEADINGS: f32 = 0.75;
const BESIDE: f32 = 0.6;
const IN_PASSAGE: f32 = 0.35;

/// A sentence that might answer.
pub(super) struct Candidate {
    pub(super) passage: usize,
    pub(super) sentence: Sentence,
    pub(super) words: Vec<Word>,
    /// Share of the question's terms that it or what surrounds it has, weighted by rarity, 0..=1.
    pub(super) coverage: f32,
    /// The same for the sentence alone.
    pub(super) own_coverage: f32,
    /// Position within its passage.
    pub(super) place: usize,
    /// May be part of an answer: no heading, no question, no lead-in to a list.
    pub(super) answers: bool,
}

/// A passage read once: the stems above its sentences, of all of them, and the sentences with their words.
struct ReadPassage {
    headings: HashSet<String>,
    whole: HashSet<String>,
    sentences: Vec<(Sentence, Vec<Word>)>,
}

/// All sentences of the passages, in order, with how much of the question each covers.
pub(super) fn candidates(question: &Question, passages: &[Passage]) -> Vec<Candidate> {
    let read: Vec<ReadPassage> = passages.iter().take(MAX_PASSAGES).map(read_passage).collect();
    let weights: Vec<f32> = question.terms.iter().map(|term| rarity(term, &read)).collect();
    let mut found = Vec::new();
    for (passage, around) in read.iter().enumerate() {
        let sentences = &around.sentences;
        let stems: Vec<HashSet<&str>> = sentences
            .iter()
            .map(|(_, words)| words.iter().map(|word| word.stem.as_str()).collect())
            .collect();
        for (place, (sentence, words)) in sentences.iter().enumerate() {
            let own = stems.get(place);
            let beside = [
                place.checked_sub(1).and_then(|before| stems.get(before)),
                stems.get(place + 1),
            ];
            let places: Vec<f32> = question
                .terms
                .iter()
                .map(|term| presence(term, own, beside, around))
                .collect();
            found.push(Candidate {
                passage,
                sentence: sentence.clone(),
                words: words.clone(),
                coverage: weighted(&places, &weights, 0.0),
                own_coverage: weighted(&places, &weights, OTHER_WORD),
                place,
                answers: may_answer(sentence, words),
            });
        }
    }
    found
}

fn read_passage(passage: &Passage) -> ReadPassage {
    let sentences = split_sentences(&passage.text).into_iter().take(MAX_SENTENCES_A_PASSAGE);
    let sentences: Vec<(Sentence, Vec<Word>)> = sentences
        .map(|sentence| {
            let words = words(&sentence.text);
            (sentence, words)
        })
        .collect();
    let above = passage.headings.iter().take(12).chain([&passage.title]);
    let in_text = sentences
        .iter()
        .filter(|(sentence, _)| sentence.kind == SentenceKind::Heading)
        .flat_map(|(_, words)| words.clone());
    let headings = above
        .flat_map(|text| words(text))
        .chain(in_text)
        .map(|word| word.stem)
        .collect();
    let whole = sentences
        .iter()
        .flat_map(|(_, words)| words)
        .map(|word| word.stem.clone())
        .collect();
    ReadPassage {
        headings,
        whole,
        sentences,
    }
}

/// Inverse document frequency over the passages, squeezed into 1..=2; names count half as much again.
fn rarity(term: &Term, read: &[ReadPassage]) -> f32 {
    let count = read.len() as f32;
    let having = read
        .iter()
        .filter(|around| around.whole.contains(&term.stem) || around.headings.contains(&term.stem))
        .count() as f32;
    let idf = 1.0 + ((count + 1.0) / (having + 1.0)).ln() / (count + 2.0).ln();
    if term.name { 1.5 * idf } else { idf }
}

fn presence(
    term: &Term,
    own: Option<&HashSet<&str>>,
    beside: [Option<&HashSet<&str>>; 2],
    around: &ReadPassage,
) -> f32 {
    let stands_in = |stems: &HashSet<&str>| stems.contains(term.stem.as_str());
    let by_other_word = |stems: &HashSet<&str>| {
        term.others.iter().any(|other| stems.contains(other.as_str()))
            || (!term.name && stems.iter().any(|stem| is_similar_stem(stem, &term.stem)))
    };
    if own.is_some_and(stands_in) {
        IN_SENTENCE
    } else if own.is_some_and(by_other_word) {
        OTHER_WORD
    } else if around.headings.contains(&term.stem) || term.others.iter().any(|other| around.headings.contains(other)) {
        IN_HEADINGS
    } else if beside.into_iter().flatten().any(stands_in) {
        BESIDE
    } else if around.whole.contains(&term.stem) {
        IN_PASSAGE
    } else {
        0.0
    }
}

fn weighted(places: &[f32], weights: &[f32], floor: f32) -> f32 {
    let total: f32 = weights.iter().sum();
    let found: f32 = places
        .iter()
        .zip(weights)
        .filter(|(place, _)| **place >= floor)
        .map(|(place, weight)| place * weight)
        .sum();
    if total > 0.0 { found / total } else { 0.0 }
}

fn may_answer(sentence: &Sentence, words: &[Word]) -> bool {
    let text = sentence.text.as_str();
    let content = words.iter().filter(|word| word.is_content()).count();
    let table_rule = sentence.kind == SentenceKind::TableRow && content == 0;
    let image = text.starts_with("![");
    let caption = words
        .first()
        .is_some_and(|word| matches!(word.lower.as_str(), "figure" | "image" | "screenshot" | "table"))
        && words
            .get(1)
            .is_some_and(|word| word.lower.starts_with(|c: char| c.is_ascii_digit()));
    let short = content < 2
        && !(sentence.kind == SentenceKind::Item && words.first().is_some_and(|word| is_imperative(&word.lower)));
    let number = words
        .iter()
        .any(|word| word.lower.starts_with(|c: char| c.is_ascii_digit()));
    sentence.kind != SentenceKind::Heading
        && !text.ends_with(['?', ':', '？', '：'])
        && !table_rule
        && !image
        && !caption
        && (!short || number)
}
