use std::collections::HashSet;

use super::describing::describes_page;
use super::given::gives;
use super::imperatives::is_imperative;
use super::kinds::Expected;
use super::question::{Question, Term};
use super::reading::{ReadPassage, ReadSentence, points_back, read_passages, under_heading};
use super::types::Passage;
use crate::facts::opposites;
use crate::text::{Sentence, SentenceKind, Word, is_similar_stem};

/// Weights of a question's term by where it stands: in the sentence itself, in the nearest heading, in the title or a heading further
/// up, in the sentence that the first word points back to, beside it, or elsewhere in the passage. A table's header is the heading of its rows.
const IN_SENTENCE: f32 = 1.0;
const OTHER_WORD: f32 = 0.85;
const IN_HEADING: f32 = 0.8;
pub(super) const ABOVE: f32 = 0.75;
pub(super) const IN_ANTECEDENT: f32 = 0.7;
const BESIDE: f32 = 0.6;
const IN_PASSAGE: f32 = 0.35;

/// A name in at least this share of the passages is that of the product: it tells no passage from another.
const COMMON: f32 = 0.6;

/// All sentences of the passages, in order, and what the question's terms weigh.
pub(super) struct Candidates {
    pub(super) all: Vec<Candidate>,
    pub(super) read: Vec<ReadPassage>,
    pub(super) weights: Vec<f32>,
}

/// A sentence that might answer.
pub(super) struct Candidate {
    pub(super) passage: usize,
    /// Position within its passage.
    pub(super) place: usize,
    pub(super) sentence: Sentence,
    pub(super) words: Vec<Word>,
    /// For each term of the question, where it stands: one of the weights above, or 0.
    pub(super) places: Vec<f32>,
    /// Share of the question's terms that it or what surrounds it has, weighted by rarity, 0..=1.
    pub(super) coverage: f32,
    /// The same for the sentence alone.
    pub(super) own_coverage: f32,
    /// Texts that stand for it as vectors: the sentence, and the sentence after its headings or its antecedent.
    pub(super) contexts: Vec<String>,
    /// The first row of the table whose row it is, by place.
    pub(super) header: Option<usize>,
    /// The words that a value is looked for in: of a row those of its columns too.
    pub(super) said: Vec<Word>,
    /// Stands under a heading inside its passage, or opens by its purpose ("To disable …"), that names the opposite of a term or, for a
    /// purpose, another task.
    pub(super) other_task: bool,
    /// May be part of an answer: no heading, no question, no lead-in to a list, no description of the page, no line of the question's words alone.
    pub(super) answers: bool,
    /// A picture's caption or the like, which does not interrupt a list.
    pub(super) caption: bool,
}

impl Candidate {
    /// Whether the sentence itself has this term of the question, by another word for it too.
    pub(super) fn has(&self, term: usize) -> bool {
        self.places.get(term).is_some_and(|place| *place >= OTHER_WORD)
    }

    pub(super) fn is_kind(&self, kind: SentenceKind) -> bool {
        self.sentence.kind == kind
    }
}

pub(super) fn candidates(question: &Question, passages: &[Passage]) -> Candidates {
    let read = read_passages(passages);
    let weights: Vec<f32> = question.terms.iter().map(|term| rarity(term, &read)).collect();
    let mut all = Vec::new();
    for (index, (around, passage)) in read.iter().zip(passages).enumerate() {
        for (place, of) in around.sentences.iter().enumerate() {
            let of_contact =
                question.expected.is_contact() && gives(question.expected, &of.sentence.text, &of.words, None);
            let places: Vec<f32> = question
                .terms
                .iter()
                .map(|term| {
                    // An address needs not be called one.
                    let named = of_contact && question.expected.value_words().contains(&term.lower.as_str());
                    presence(term, place, around).max(if named { OTHER_WORD } else { 0.0 })
                })
                .collect();
            // Steps leave the name of their task to the heading, and what is chosen from its kind; what decides a yes/no question
            // must stand in the sentence.
            let floor = if matches!(question.expected, Expected::Steps | Expected::Choice | Expected::Open) {
                ABOVE
            } else {
                OTHER_WORD
            };
            let own_coverage = weighted(&places, &weights, floor);
            let names_something = places.iter().any(|place| *place >= OTHER_WORD);
            all.push(Candidate {
                passage: index,
                place,
                sentence: of.sentence.clone(),
                words: of.words.clone(),
                coverage: weighted(&places, &weights, 0.0),
                own_coverage,
                contexts: contexts(passage, around, place),
                places,
                header: of.header,
                said: of.under_header.clone().unwrap_or_else(|| of.words.clone()),
                other_task: question.expected == Expected::Steps && is_other_task(question, of, around),
                answers: may_answer(of, names_something) && says_more(question, of),
                caption: of.caption,
            });
        }
    }
    Candidates { all, read, weights }
}

fn contexts(passage: &Passage, around: &ReadPassage, place: usize) -> Vec<String> {
    let Some(of) = around.sentences.get(place) else {
        return Vec::new();
    };
    let before = place.checked_sub(1).and_then(|before| around.sentences.get(before));
    let joined = before
        .filter(|before| points_back(&of.words) && before.sentence.kind == SentenceKind::Prose)
        .map(|before| format!("{} {}", before.sentence.text, of.sentence.text));
    let headed = under_heading(passage, around, place);
    [of.sentence.text.clone()]
        .into_iter()
        .chain(joined)
        .chain(headed)
        .collect()
}

/// Whether a sentence serves another task than the question's: its heading has the opposite of a term that it does not have
/// ("How to disable 2FA" for "enable"), or it opens with a purpose that the question does not name ("To restore a backup, …").
fn is_other_task(question: &Question, of: &ReadSentence, around: &ReadPassage) -> bool {
    let inside = of
        .heading
        .and_then(|at| around.sentences.get(at))
        .map(|heading| &heading.stems);
    let heading = inside.unwrap_or(&around.nearest);
    let reversed = question.terms.iter().any(|term| {
        !term.name && !heading.contains(&term.stem) && opposites(&term.stem).iter().any(|other| heading.contains(other))
    });
    let purpose = match of.words.as_slice() {
        [to, verb, ..] if to.lower == "to" && verb.is_content() => Some(&verb.stem),
        _ => None,
    };
    let unnamed = |verb: &String| {
        !question
            .terms
            .iter()
            .any(|term| term.stem == *verb || term.others.contains(verb))
    };
    reversed || purpose.is_some_and(unnamed)
}

/// Inverse document frequency over the passages, squeezed into 1..=2; names count half as much again, unless most passages have
/// them.
fn rarity(term: &Term, read: &[ReadPassage]) -> f32 {
    let (count, having) = (read.len() as f32, having(term, read));
    let idf = 1.0 + ((count + 1.0) / (having + 1.0)).ln() / (count + 2.0).ln();
    if term.name && having < COMMON * count {
        1.5 * idf
    } else {
        idf
    }
}

/// How many passages have a term.
fn having(term: &Term, read: &[ReadPassage]) -> f32 {
    let has = |around: &&ReadPassage| around.whole.contains(&term.stem) || around.above.contains(&term.stem);
    read.iter().filter(has).count() as f32
}

fn presence(term: &Term, place: usize, around: &ReadPassage) -> f32 {
    let at = |place: Option<usize>| place.and_then(|place| around.sentences.get(place));
    let stands_in = |read: &ReadSentence| read.stems.contains(&term.stem);
    let means =
        |stems: &HashSet<String>| stems.contains(&term.stem) || term.others.iter().any(|other| stems.contains(other));
    let Some(own) = at(Some(place)) else {
        return 0.0;
    };
    let similar = || !term.name && own.stems.iter().any(|stem| is_similar_stem(stem, &term.stem));
    let before = at(place.checked_sub(1));
    if stands_in(own) {
        IN_SENTENCE
    } else if means(&own.stems) || similar() {
        OTHER_WORD
    } else if at(own.heading).map_or(means(&around.nearest), |heading| means(&heading.stems))
        || at(own.header).is_some_and(|header| means(&header.stems))
    {
        IN_HEADING
    } else if means(&around.above) {
        ABOVE
    } else if points_back(&own.words) && before.is_some_and(|before| means(&before.stems)) {
        IN_ANTECEDENT
    } else if [before, at(place.checked_add(1))].into_iter().flatten().any(stands_in) {
        BESIDE
    } else if around.whole.contains(&term.stem) {
        IN_PASSAGE
    } else {
        0.0
    }
}

/// Share of the weights whose places reach the floor, each times its place.
pub(super) fn weighted(places: &[f32], weights: &[f32], floor: f32) -> f32 {
    let total: f32 = weights.iter().sum();
    let found: f32 = places
        .iter()
        .zip(weights)
        .filter(|(place, _)| **place >= floor)
        .map(|(place, weight)| place * weight)
        .sum();
    if total > 0.0 { found / total } else { 0.0 }
}

/// Whether it is a whole sentence, or a line with a word that the question has not: "RETURN POLICY" repeats what was asked. What is asked for a yes, a choice or
/// a command may be answered so.
fn says_more(question: &Question, of: &ReadSentence) -> bool {
    let asked = |word: &Word| {
        let mut terms = question.terms.iter();
        terms.any(|term| term.stem == word.stem || term.others.contains(&word.stem))
    };
    let closed = of.sentence.text.ends_with(['.', '!', '…', '。', '！', '"', ')']);
    let by_kind = matches!(question.expected, Expected::YesNo | Expected::Choice | Expected::Steps);
    closed || by_kind || of.words.iter().any(|word| word.is_content() && !asked(word))
}

fn may_answer(of: &ReadSentence, names_something: bool) -> bool {
    let (sentence, words) = (&of.sentence, &of.words);
    let text = sentence.text.as_str();
    let content = words.iter().filter(|word| word.is_content()).count();
    // A row says something under its header alone, and about what it names itself.
    let no_row = sentence.kind == SentenceKind::TableRow && (content == 0 || of.header.is_none() || !names_something);
    let image = text.starts_with("![");
    let figure = words
        .first()
        .is_some_and(|word| matches!(word.lower.as_str(), "figure" | "image" | "screenshot" | "table"))
        && words
            .get(1)
            .is_some_and(|word| word.lower.starts_with(|c: char| c.is_ascii_digit()));
    // "It is not waterproof." is short, but says what is asked; so does a step such as "Save".
    let says_it = names_something && words.len() > 2;
    let step = sentence.kind == SentenceKind::Item && words.first().is_some_and(|word| is_imperative(&word.lower));
    let short = content < 2 && !says_it && !step;
    let number = words
        .iter()
        .any(|word| word.lower.starts_with(|c: char| c.is_ascii_digit()));
    sentence.kind != SentenceKind::Heading
        && !text.ends_with(['?', ':', '？', '：'])
        && !no_row
        && !image
        && !figure
        && !describes_page(words)
        && (!short || number)
}
