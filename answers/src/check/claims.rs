use crate::text::{MAX_TEXT_BYTES, SentenceKind, Word, WordKind, split_sentences, words};

/// Claims beyond this many are not checked and the report says `truncated`.
pub const MAX_CLAIMS: usize = 200;

/// A piece of the response that is checked on its own.
pub(super) struct Claim {
    pub(super) text: String,
    pub(super) sentence: usize,
    pub(super) words: Vec<Word>,
    /// The clauses, when the sentence joins several facts; empty otherwise.
    pub(super) clauses: Vec<Claim>,
}

/// The claims of a response, and whether some were left out.
pub(super) fn claims(response: &str) -> (Vec<Claim>, bool) {
    let mut found = Vec::new();
    let mut truncated = response.len() > MAX_TEXT_BYTES;
    for (index, sentence) in split_sentences(response).into_iter().enumerate() {
        if sentence.kind == SentenceKind::Heading && sentence.text.ends_with('?') {
            continue;
        }
        let words = words(&sentence.text);
        if !claims_something(&words) || is_courtesy(&sentence.text) {
            continue;
        }
        if found.len() == MAX_CLAIMS {
            truncated = true;
            break;
        }
        let clauses = clauses(&sentence.text, index);
        found.push(Claim {
            text: sentence.text,
            sentence: index,
            words,
            clauses,
        });
    }
    (found, truncated)
}

fn claims_something(words: &[Word]) -> bool {
    words
        .iter()
        .any(|word| word.is_content() || word.kind == WordKind::Number)
}

/// Openings and closings that state nothing about the subject. Only short sentences without a number may pass so.
fn is_courtesy(text: &str) -> bool {
    const OPENINGS: [&str; 16] = [
        "i hope this helps",
        "hope this helps",
        "let me know if",
        "please let me know",
        "feel free to ask",
        "happy to help",
        "hello",
        "hi ",
        "hi!",
        "thanks for",
        "thank you for",
        "is there anything else",
        "would you like me to",
        "sure,",
        "great question",
        "you're welcome",
    ];
    let lower: String = text.chars().take(40).flat_map(char::to_lowercase).collect();
    text.len() <= 90
        && !text.chars().any(|c| c.is_ascii_digit())
        && text.split_whitespace().count() <= 14
        && OPENINGS.iter().any(|opening| lower.starts_with(opening))
        && !lower.starts_with("sure, ") | (text.len() < 24)
}

/// Words that join two facts into one sentence.
const JOINTS: [&str; 9] = [
    "; ",
    ", but ",
    ", while ",
    ", whereas ",
    ", and ",
    ", although ",
    ", so ",
    ", however, ",
    " but ",
];
/// A clause must have this many content words to be judged alone.
const CLAUSE_CONTENT_WORDS: usize = 3;

fn clauses(text: &str, sentence: usize) -> Vec<Claim> {
    let Some((at, joint)) = first_joint(text) else {
        return Vec::new();
    };
    let (Some(left), Some(right)) = (text.get(..at), text.get(at + joint.len()..)) else {
        return Vec::new();
    };
    let parts: Vec<Claim> = [left, right]
        .into_iter()
        .map(|part| Claim {
            text: part.trim().to_owned(),
            sentence,
            words: words(part),
            clauses: Vec::new(),
        })
        .collect();
    let whole = parts
        .iter()
        .all(|part| part.words.iter().filter(|word| word.is_content()).count() >= CLAUSE_CONTENT_WORDS);
    if whole { parts } else { Vec::new() }
}

fn first_joint(text: &str) -> Option<(usize, &'static str)> {
    JOINTS
        .iter()
        .filter_map(|joint| text.find(joint).map(|at| (at, *joint)))
        .min_by_key(|(at, _)| *at)
}
