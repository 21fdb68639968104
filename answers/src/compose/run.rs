use std::collections::HashSet;

use super::candidates::{Candidate, candidates};
use super::question::Question;
use super::select::{points_back, select};
use super::support::{abstain, is_on_topic, unknown_name};
use super::types::{AbstainCode, Composition, Passage, SelectedSentence};
use crate::text::SentenceKind;
use crate::vectors::{SentenceVectors, cosine};

/// Texts that [`sentences_to_embed`] names at most, the question included.
pub const MAX_SENTENCES_TO_EMBED: usize = 60;

/// The texts whose vectors make [`compose`] better: the question, then the candidate sentences that share most with it, helped
/// by the rank of their passage.
pub fn sentences_to_embed(question: &str, passages: &[Passage]) -> Vec<String> {
    let question = Question::new(question);
    let mut found: Vec<Candidate> = candidates(&question, passages)
        .into_iter()
        .filter(|candidate| candidate.answers)
        .collect();
    let rank =
        |candidate: &Candidate| candidate.coverage + 0.5 * candidate.own_coverage + rank_share(candidate.passage);
    found.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    let mut seen = HashSet::new();
    let texts = [question.text.clone()]
        .into_iter()
        .chain(found.into_iter().map(|candidate| candidate.sentence.text));
    texts
        .filter(|text| seen.insert(text.clone()))
        .take(MAX_SENTENCES_TO_EMBED)
        .collect()
}

/// Answers with sentences of the passages, word for word, or says why not. Deterministic; passages come best first.
pub fn compose(question: &str, passages: &[Passage], vectors: &dyn SentenceVectors) -> Composition {
    let question = Question::new(question);
    let refuse = |code, detail: Option<&str>| Composition::Abstained {
        reason: abstain(code, &question, detail),
    };
    if question.terms.is_empty() {
        return refuse(AbstainCode::EmptyQuestion, None);
    }
    let found = candidates(&question, passages);
    if !found.iter().any(|candidate| candidate.answers) {
        return refuse(AbstainCode::NothingFound, None);
    }
    if let Some(name) = unknown_name(&question, passages) {
        return refuse(AbstainCode::UnknownName, Some(&name));
    }
    let scored: Vec<(Candidate, f32)> = found
        .into_iter()
        .map(|candidate| {
            let score = score(&question, &candidate, passages, vectors);
            (candidate, score)
        })
        .collect();
    let on_topic = |(candidate, _): &(Candidate, f32)| {
        candidate.answers && is_on_topic(candidate, nearness(&question, candidate, passages, vectors))
    };
    if !scored.iter().any(on_topic) {
        return refuse(AbstainCode::OffTopic, None);
    }
    let gives_value = |(candidate, _): &(Candidate, f32)| {
        !question.expected.is_strict()
            || question
                .expected
                .is_given_by(&candidate.words, question.counted.as_deref())
    };
    let able = scored
        .iter()
        .enumerate()
        .filter(|(_, entry)| on_topic(entry) && gives_value(entry));
    let best = able
        .max_by(|(at, a), (other, b)| a.1.total_cmp(&b.1).then(other.cmp(at)))
        .map(|(at, _)| at);
    let Some(best) = best else {
        return refuse(AbstainCode::ValueNotGiven, None);
    };
    let chosen = select(&question, &scored, best);
    Composition::Answered(
        chosen
            .into_iter()
            .filter_map(|at| selected(scored.get(at)?, passages))
            .collect(),
    )
}

fn selected((candidate, score): &(Candidate, f32), passages: &[Passage]) -> Option<SelectedSentence> {
    let passage = passages.get(candidate.passage)?;
    Some(SelectedSentence {
        text: candidate.sentence.text.clone(),
        chunk_id: passage.chunk_id,
        score: score.clamp(0.0, 1.0),
    })
}

/// 1 for the first passage, less for each after it.
fn rank_share(passage: usize) -> f32 {
    1.0 / (1.0 + passage as f32 / 4.0)
}

/// Cosine of question and sentence, or of question and passage when the sentence has no vector; 0 when unknown.
fn nearness(question: &Question, candidate: &Candidate, passages: &[Passage], vectors: &dyn SentenceVectors) -> f32 {
    let passage = passages.get(candidate.passage).map_or(0.0, |passage| passage.cosine);
    let sentence = vectors
        .vector(&question.text)
        .zip(vectors.vector(&candidate.sentence.text));
    let sentence = sentence.and_then(|(a, b)| cosine(a, b)).unwrap_or(0.0);
    let nearness = sentence.max(passage);
    if nearness.is_finite() { nearness } else { 0.0 }
}

/// How well a sentence answers: the question's terms in and around it, nearness, rank of its passage, kind of answer asked for.
/// The weights were set by hand on the examples of tests/composing.
fn score(question: &Question, candidate: &Candidate, passages: &[Passage], vectors: &dyn SentenceVectors) -> f32 {
    let given = question
        .expected
        .is_given_by(&candidate.words, question.counted.as_deref());
    let kind = match candidate.sentence.kind {
        SentenceKind::Code => -0.15,
        SentenceKind::TableRow => -0.05,
        _ => 0.0,
    };
    0.35 * candidate.coverage
        + 0.25 * candidate.own_coverage
        + 0.2 * nearness(question, candidate, passages, vectors).max(0.0)
        + 0.1 * rank_share(candidate.passage)
        + if given { 0.1 } else { 0.0 }
        + if points_back(candidate) { -0.05 } else { 0.0 }
        + kind
}
