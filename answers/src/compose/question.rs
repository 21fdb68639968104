use std::collections::HashSet;

use super::kinds::{Expected, is_auxiliary, without_politeness};
use super::naming::Naming;
use crate::facts::opposites;
use crate::text::{Word, WordKind, stem};

/// A term of the question with the words that may stand for it.
pub(super) struct Term {
    pub(super) stem: String,
    /// As the question has it, in lower case.
    pub(super) lower: String,
    /// Stems of other words for the same thing.
    pub(super) others: Vec<String>,
    /// A name, an address or an identifier: no other word stands for it.
    pub(super) name: bool,
}

/// A question, read once.
pub(super) struct Question {
    pub(super) text: String,
    pub(super) terms: Vec<Term>,
    pub(super) expected: Expected,
    /// What a "how many" counts.
    pub(super) counted: Option<String>,
    /// Places in `terms` of what a yes/no question asks about its subject: a sentence decides it only with one of these.
    pub(super) predicate: Vec<usize>,
}

/// Particles of verbs ("get my money back"): never the predicate alone.
const PARTICLES: [&str; 5] = ["back", "away", "together", "forward", "again"];

/// Prepositions and conjunctions after which a yes/no question only says where or when it holds.
const CIRCUMSTANCE: &str = "for on in at of from with under during after before if when while than per via by through";

/// Words that ask, but do not say about what.
const ASKING: &[&str] = &[
    "tell",
    "know",
    "want",
    "need",
    "explain",
    "help",
    "way",
    "possible",
    "question",
    "hi",
    "hello",
    "thanks",
    "thank",
    "wonder",
    "wondering",
    "able",
    "anyone",
    "someone",
    "many",
    "much",
    "long",
    "often",
    "soon",
    "there",
    "thing",
    "things",
    "mean",
    "work",
    "works",
    "happen",
    "happens",
    "take",
    "takes",
    "taken",
    "offer",
    "offers",
    "best",
    "ok",
    "hey",
];

/// Groups of words that support questions use for one thing.
const SAME_MEANING: &[&str] = &[
    "price cost pricing fee charge pay",
    "delete remove erase",
    "change edit update modify",
    "login signin log sign",
    "install setup deploy",
    "limit maximum max cap",
    "start begin launch run",
    "cancel terminate",
    "return refund",
    "refund money",
    "subscription plan",
    "phone telephone call",
    "email mail",
    "buy purchase order",
    "invite add",
    "create make add",
    "show display see view",
    "error fail problem issue",
    "connect integrate integration link",
    "company organisation organization team",
    "employee staff member teammate",
    "photo picture image",
    "ship deliver delivery shipping dispatch",
    "arrive delivery ship",
    "broken damaged defective faulty",
    "guarantee warranty",
    "contact reach email call",
    "save store keep retain",
    "allow permit support accept",
    "disable deactivate off",
    "enable activate on",
];

impl Term {
    /// A name, or a number or code: what is said of another one is said of something else.
    pub(super) fn is_distinct(&self) -> bool {
        self.name || self.lower.contains(|c: char| c.is_ascii_digit())
    }
}

impl Question {
    pub(super) fn new(text: &str) -> Self {
        let naming = Naming::of(text);
        let words = &naming.words;
        let mut seen = HashSet::new();
        let terms: Vec<Term> = words
            .iter()
            .enumerate()
            .filter(|(_, word)| word.is_content() && !ASKING.contains(&word.lower.as_str()))
            .filter(|(_, word)| seen.insert(word.stem.clone()))
            .map(|(index, word)| {
                let mut term = term(word, naming.is_name(index));
                term.others.extend(acronyms(words, index));
                term
            })
            .take(40)
            .collect();
        let expected = Expected::of(words);
        let terms = if expected == Expected::YesNo {
            with_opposites(terms, words)
        } else {
            terms
        };
        // A price or an address answers without the word "price" or "address" beside it.
        let names_value = |term: &Term| expected.value_words().iter().any(|word| stem(word) == term.stem);
        let subject = terms.iter().any(|term| !names_value(term));
        let terms: Vec<Term> = terms
            .into_iter()
            .filter(|term| !subject || !names_value(term))
            .collect();
        let terms = without_kind_of_contact(terms, expected);
        let terms = without_each_other(terms);
        Self {
            text: text.to_owned(),
            counted: counted(words),
            predicate: predicate(words, &terms),
            terms,
            expected,
        }
    }
}

/// "The phone number" is asked for by "phone" alone: what is one needs not be called so.
fn without_kind_of_contact(terms: Vec<Term>, expected: Expected) -> Vec<Term> {
    let is_kind = |term: &Term| matches!(term.lower.as_str(), "number" | "address");
    if !expected.is_contact() || terms.iter().all(is_kind) {
        return terms;
    }
    terms.into_iter().filter(|term| !is_kind(term)).collect()
}

/// Initials of the runs of three or four words that a word stands in: "MFA" may stand for "multi-factor authentication".
fn acronyms(words: &[Word], index: usize) -> Vec<String> {
    let runs = [3, 4].into_iter().flat_map(|length| {
        let first = (index + 1).saturating_sub(length)..=index;
        first.filter_map(move |first| words.get(first..first + length))
    });
    let plain = runs.filter(|run| run.iter().all(|word| word.kind == WordKind::Plain));
    plain
        .map(|run| run.iter().filter_map(|word| word.lower.chars().next()).collect())
        .collect()
}

fn term(word: &Word, name: bool) -> Term {
    let groups = SAME_MEANING
        .iter()
        .filter(|group| group.split(' ').any(|other| stem(other) == word.stem));
    let others: HashSet<String> = groups
        .flat_map(|group| group.split(' '))
        .map(stem)
        .filter(|other| *other != word.stem)
        .collect();
    let mut others: Vec<String> = if name { Vec::new() } else { others.into_iter().collect() };
    others.sort();
    Term {
        stem: word.stem.clone(),
        lower: word.lower.clone(),
        others,
        name,
    }
}

/// "Is it optional?" is decided by "It is required" too. Only after a form of "be": what can be exported says nothing about imports.
fn with_opposites(terms: Vec<Term>, words: &[Word]) -> Vec<Term> {
    let first = without_politeness(words).first();
    if !first.is_some_and(|word| matches!(word.lower.as_str(), "is" | "are" | "was" | "were")) {
        return terms;
    }
    let extended = terms.into_iter().map(|term| {
        let others = if term.name { Vec::new() } else { opposites(&term.stem) };
        Term {
            others: term.others.into_iter().chain(others).collect(),
            ..term
        }
    });
    extended.collect()
}

/// One word is not found twice: in "phone calls", a phone is no call.
fn without_each_other(terms: Vec<Term>) -> Vec<Term> {
    let asked: HashSet<String> = terms.iter().map(|term| term.stem.clone()).collect();
    let apart = |term: Term| Term {
        others: term.others.into_iter().filter(|other| !asked.contains(other)).collect(),
        ..term
    };
    terms.into_iter().map(apart).collect()
}

/// The last term before a circumstance ("… a credit card | for the trial"), and the names in the circumstances.
fn predicate(words: &[Word], terms: &[Term]) -> Vec<usize> {
    let asked = without_politeness(words);
    let begins = asked
        .iter()
        .position(|word| word.after_break && is_auxiliary(&word.lower))
        .unwrap_or(0);
    let (mut last, mut names, mut circumstance) = (None, Vec::new(), false);
    for word in asked.iter().skip(begins) {
        let at = terms
            .iter()
            .position(|term| word.is_content() && term.stem == word.stem);
        circumstance |= last.is_some() && CIRCUMSTANCE.split(' ').any(|preposition| preposition == word.lower);
        match at {
            Some(at) if !circumstance && (last.is_none() || !is_particle(word)) => last = Some(at),
            Some(at) if terms.get(at).is_some_and(|term| term.name) => names.push(at),
            _ => {}
        }
    }
    last.into_iter().chain(names).collect()
}

fn is_particle(word: &Word) -> bool {
    PARTICLES.contains(&word.lower.as_str())
}

fn counted(words: &[Word]) -> Option<String> {
    let many = words.iter().position(|word| word.lower == "many")?;
    words
        .iter()
        .skip(many + 1)
        .take(3)
        .find(|word| word.is_content())
        .map(|word| word.stem.clone())
}
