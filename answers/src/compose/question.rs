use std::collections::HashSet;

use super::kinds::Expected;
use crate::text::{Word, WordKind, stem, words};

/// A term of the question with the words that may stand for it.
pub(super) struct Term {
    pub(super) stem: String,
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
}

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

impl Question {
    pub(super) fn new(text: &str) -> Self {
        let words = words(text);
        let mut seen = HashSet::new();
        let terms: Vec<Term> = words
            .iter()
            .enumerate()
            .filter(|(_, word)| word.is_content() && !ASKING.contains(&word.lower.as_str()))
            .filter(|(_, word)| seen.insert(word.stem.clone()))
            .map(|(index, word)| term(word, index))
            .take(40)
            .collect();
        let expected = Expected::of(&words);
        // A price or an address answers without the word "price" or "address" beside it.
        let names_value = |term: &Term| expected.value_words().iter().any(|word| stem(word) == term.stem);
        let subject = terms.iter().any(|term| !names_value(term));
        let terms = terms
            .into_iter()
            .filter(|term| !subject || !names_value(term))
            .collect();
        Self {
            text: text.to_owned(),
            counted: counted(&words),
            terms,
            expected,
        }
    }
}

fn term(word: &Word, index: usize) -> Term {
    let name = word.kind == WordKind::Code
        || (word.kind == WordKind::Plain && word.capital && index > 0)
        || word.inner_capital;
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
        others,
        name,
    }
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
