use super::candidates::Candidate;
use super::question::{Question, Term};
use super::reading::ReadPassage;
use super::types::{AbstainCode, AbstainReason, Passage};
use crate::facts::spelled_out;
use crate::text::{Word, folded};

/// Coverage from which a passage is about the question, by words alone.
pub(super) const ENOUGH_COVERAGE: f32 = 0.52;
/// With vectors known: a near passage needs less in common by words, a far one more.
const NEAR_COSINE: f32 = 0.55;
const FAR_COSINE: f32 = 0.2;
const COVERAGE_WHEN_NEAR: f32 = 0.25;
const COVERAGE_WHEN_FAR: f32 = 0.75;
/// Letters from which a name may be part of a longer word.
const PART_OF_A_WORD: usize = 4;
/// Letters from which an acronym is looked for as the words that it is short for: two letters begin any two words.
const SPELLED_OUT: usize = 3;

/// The coverage that a candidate needs, given its cosine to the question (0: unknown).
pub(super) fn needed_coverage(cosine: f32) -> f32 {
    if cosine <= 0.0 {
        return ENOUGH_COVERAGE;
    }
    let position = ((cosine - FAR_COSINE) / (NEAR_COSINE - FAR_COSINE)).clamp(0.0, 1.0);
    COVERAGE_WHEN_FAR + position * (COVERAGE_WHEN_NEAR - COVERAGE_WHEN_FAR)
}

/// A name of the question that none of the passages has, as the question writes it but for its capitals.
pub(super) fn unknown_name(question: &Question, passages: &[Passage], read: &[ReadPassage]) -> Option<String> {
    let known = |name: &&Term| {
        let read = || read.iter().any(|around| reads(around, name));
        read() || passages.iter().any(|passage| is_part_of(passage, name))
    };
    let mut names = question.terms.iter().filter(|term| term.name);
    names.find(|name| !known(name)).map(|name| name.lower.clone())
}

/// Whether a passage has any form of a name, another word for it, or what it is short for (SSO: "single sign-on").
fn reads(around: &ReadPassage, name: &Term) -> bool {
    let has = |stem: &String| around.whole.contains(stem) || around.above.contains(stem);
    let spelled_out = || around.sentences.iter().any(|of| is_short_for(&name.lower, &of.words));
    has(&name.stem) || name.others.iter().any(has) || spelled_out()
}

fn is_short_for(acronym: &str, words: &[Word]) -> bool {
    let length = acronym.chars().count();
    let windows = || words.windows(length.max(1));
    let of_content = |window: &[Word]| {
        let article = |word: &Word| matches!(word.lower.as_str(), "a" | "an" | "the");
        window.iter().filter(|word| word.stop).count() <= 1 && !window.iter().any(article)
    };
    length >= SPELLED_OUT && windows().any(|window| of_content(window) && spelled_out(acronym, window))
}

fn is_part_of(passage: &Passage, name: &Term) -> bool {
    let mut texts = passage.headings.iter().chain([&passage.title, &passage.text]);
    texts.any(|text| stands_in(&folded(text), &name.lower))
}

/// Whether a name is part of a text (Postgres of "PostgreSQL"), a short one as a whole word: "US" is no part of "customer".
fn stands_in(folded: &str, name: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let is_short = name.chars().count() < PART_OF_A_WORD;
    folded.match_indices(name).any(|(at, found)| {
        let before = folded.get(..at).and_then(|text| text.chars().next_back());
        let after = folded.get(at + found.len()..).and_then(|text| text.chars().next());
        !is_short || (edge(before) && edge(after))
    })
}

pub(super) fn abstain(code: AbstainCode, question: &Question, detail: Option<&str>) -> AbstainReason {
    let sentence = match code {
        AbstainCode::EmptyQuestion => "The question has no word to look for.".to_owned(),
        AbstainCode::NothingFound => "Nothing in the knowledge base matches this question.".to_owned(),
        AbstainCode::OffTopic => "What was found in the knowledge base is about something else.".to_owned(),
        AbstainCode::UnknownName => {
            format!(
                "What was found in the knowledge base says nothing about \"{}\".",
                detail.unwrap_or("the name in the question")
            )
        }
        AbstainCode::ValueNotGiven => format!(
            "The knowledge base covers the subject but gives no such value: the question asks for {}.",
            question.expected.in_words()
        ),
        AbstainCode::Undecided => "The knowledge base covers the subject but does not say whether it is so.".to_owned(),
    };
    AbstainReason { code, sentence }
}

/// Whether a sentence or list with this coverage and nearness is about the question.
pub(super) fn is_on_topic(coverage: f32, nearness: f32) -> bool {
    coverage >= needed_coverage(nearness)
}

/// Whether all that a candidate has of a question about more are names: a sentence about the product, not about what is asked
/// of it.
pub(super) fn has_names_alone(question: &Question, candidate: &Candidate) -> bool {
    let more_asked = question.terms.iter().any(|term| !term.name);
    let mut found = question
        .terms
        .iter()
        .zip(&candidate.places)
        .filter(|(_, place)| **place > 0.0)
        .peekable();
    more_asked && found.peek().is_some() && found.all(|(term, _)| term.name)
}
