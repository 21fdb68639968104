use super::candidates::Candidate;
use super::question::Question;
use super::types::{AbstainCode, AbstainReason, Passage};
use crate::text::words;

/// Coverage from which a passage is about the question, by words alone.
pub(super) const ENOUGH_COVERAGE: f32 = 0.52;
/// With vectors known: a near passage needs less in common by words, a far one more.
const NEAR_COSINE: f32 = 0.55;
const FAR_COSINE: f32 = 0.2;
const COVERAGE_WHEN_NEAR: f32 = 0.25;
const COVERAGE_WHEN_FAR: f32 = 0.75;

/// The coverage that a candidate needs, given its cosine to the question (0: unknown).
pub(super) fn needed_coverage(cosine: f32) -> f32 {
    if cosine <= 0.0 {
        return ENOUGH_COVERAGE;
    }
    let position = ((cosine - FAR_COSINE) / (NEAR_COSINE - FAR_COSINE)).clamp(0.0, 1.0);
    COVERAGE_WHEN_FAR + position * (COVERAGE_WHEN_NEAR - COVERAGE_WHEN_FAR)
}

/// A name of the question that none of the passages has, as the question writes it.
pub(super) fn unknown_name(question: &Question, passages: &[Passage]) -> Option<String> {
    let names: Vec<&str> = question
        .terms
        .iter()
        .filter(|term| term.name)
        .map(|term| term.stem.as_str())
        .collect();
    let missing = names.into_iter().find(|name| {
        !passages.iter().any(|passage| {
            let texts = passage.headings.iter().chain([&passage.title, &passage.text]);
            texts.into_iter().any(|text| text.to_lowercase().contains(*name))
        })
    })?;
    words(&question.text)
        .into_iter()
        .find(|word| word.stem == missing)
        .map(|word| word.lower)
}

pub(super) fn abstain(code: AbstainCode, question: &Question, detail: Option<&str>) -> AbstainReason {
    let sentence = match code {
        AbstainCode::EmptyQuestion => "The question has no word to look for.".to_owned(),
        AbstainCode::NothingFound => "Nothing in the knowledge base matches this question.".to_owned(),
        AbstainCode::OffTopic => "What was found in the knowledge base is about something else.".to_owned(),
        AbstainCode::UnknownName => {
            format!(
                "The knowledge base says nothing about \"{}\".",
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
