use std::collections::HashSet;

use super::candidates::{Candidate, IN_ANTECEDENT, candidates, weighted};
use super::kinds::Expected;
use super::lists::{StepList, list_for, step_lists};
use super::question::Question;
use super::score::{OTHER_TASK, Scored, UNNAMED, rank_share, scored};
use super::select::select;
use super::support::{abstain, has_names_alone, is_on_topic, unknown_name};
use super::types::{AbstainCode, Composition, Passage, SelectedSentence};
use crate::text::SentenceKind;
use crate::vectors::SentenceVectors;

/// Texts that [`sentences_to_embed`] names at most, the question included.
pub const MAX_SENTENCES_TO_EMBED: usize = 96;

/// How much of the question stands in a sentence that gives a value, or above it, at least.
const OF_THE_THING: f32 = 0.4;

/// The texts whose vectors make [`compose`] better: the question, then the candidate sentences that share most with it, helped
/// by the rank of their passage, alone and after what stands above them.
pub fn sentences_to_embed(question: &str, passages: &[Passage]) -> Vec<String> {
    let question = Question::new(question);
    let mut found: Vec<Candidate> = candidates(&question, passages)
        .all
        .into_iter()
        .filter(|candidate| candidate.answers)
        .collect();
    let rank =
        |candidate: &Candidate| candidate.coverage + 0.5 * candidate.own_coverage + rank_share(candidate.passage);
    found.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    let mut seen = HashSet::new();
    let contexts = found.into_iter().flat_map(|candidate| candidate.contexts);
    [question.text]
        .into_iter()
        .chain(contexts)
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
    if !found.all.iter().any(|candidate| candidate.answers) {
        return refuse(AbstainCode::NothingFound, None);
    }
    if let Some(name) = unknown_name(&question, passages, &found.read) {
        return refuse(AbstainCode::UnknownName, Some(&name));
    }
    let about_product: Vec<bool> = found
        .all
        .iter()
        .map(|candidate| has_names_alone(&question, candidate))
        .collect();
    let mut scored: Vec<Scored> = found
        .all
        .into_iter()
        .map(|candidate| scored(&question, candidate, passages, vectors))
        .collect();
    lower_unnamed(&question, &mut scored);
    let mut lists = Vec::new();
    if question.expected == Expected::Steps {
        lists = step_lists(&scored, &found.weights);
        lower_stray_steps(&mut scored, &lists);
        lists.retain(|list| is_on_topic(list.coverage, list.nearness));
    }
    let on_topic: Vec<usize> = scored
        .iter()
        .zip(about_product)
        .enumerate()
        .filter(|(_, (entry, about_product))| {
            entry.candidate.answers && !about_product && is_on_topic(entry.candidate.coverage, entry.nearness)
        })
        .map(|(at, _)| at)
        .collect();
    let best = best_of(
        &scored,
        on_topic
            .iter()
            .copied()
            .filter(|at| may_lead(&question, &scored, &found.weights, *at)),
    );
    let (chosen, step) = match (list_for(lists, best), best) {
        (Some(list), _) => (list.sentences, true),
        (None, Some((best, _))) => (select(&question, &scored, best), false),
        (None, None) if on_topic.is_empty() => return refuse(AbstainCode::OffTopic, None),
        (None, None) if question.expected == Expected::YesNo => return refuse(AbstainCode::Undecided, None),
        (None, None) => return refuse(AbstainCode::ValueNotGiven, None),
    };
    let sentences = chosen
        .into_iter()
        .filter_map(|at| selected(scored.get(at)?, passages, step));
    Composition::Answered(sentences.collect())
}

/// Where a value is asked for, what is said in general is worth less beside what is said of the very thing: "The kettle has a warranty of seven years." beside a row of
/// the K9, when the K9 is asked about.
fn lower_unnamed(question: &Question, scored: &mut [Scored]) {
    if !question.expected.is_value() {
        return;
    }
    for (term, _) in question.terms.iter().enumerate().filter(|(_, term)| term.is_distinct()) {
        let said = scored
            .iter()
            .any(|entry| entry.candidate.answers && entry.candidate.has(term) && entry.given);
        for entry in scored.iter_mut().filter(|_| said) {
            let place = entry.candidate.places.get(term).copied().unwrap_or(0.0);
            if place < IN_ANTECEDENT {
                entry.score -= UNNAMED;
            }
        }
    }
}

/// A step is worth less when its list serves something else.
fn lower_stray_steps(scored: &mut [Scored], lists: &[StepList]) {
    for list in lists.iter().filter(|list| !list.is_about_question()) {
        for at in &list.sentences {
            if let Some(entry) = scored.get_mut(*at).filter(|entry| !entry.candidate.other_task) {
                entry.score -= OTHER_TASK;
            }
        }
    }
}

/// Whether an answer may be built around this sentence: it gives what the question cannot do without, and a value of the thing that is asked about: what a visa costs is no answer
/// to what a permit does.
fn may_lead(question: &Question, scored: &[Scored], weights: &[f32], at: usize) -> bool {
    let strict = question.expected.is_strict();
    let Some(entry) = scored.get(at) else { return false };
    let of_it = || weighted(&entry.candidate.places, weights, IN_ANTECEDENT) >= OF_THE_THING;
    (entry.given || !(strict || question.expected == Expected::YesNo)) && (!strict || of_it())
}

fn best_of(scored: &[Scored], places: impl Iterator<Item = usize>) -> Option<(usize, f32)> {
    places
        .filter_map(|at| scored.get(at).map(|entry| (at, entry.score)))
        .max_by(|(at, score), (other, than)| score.total_cmp(than).then(other.cmp(at)))
}

fn selected(entry: &Scored, passages: &[Passage], step: bool) -> Option<SelectedSentence> {
    let passage = passages.get(entry.candidate.passage)?;
    let sentence = &entry.candidate.sentence;
    Some(SelectedSentence {
        text: sentence.text.clone(),
        chunk_id: passage.chunk_id,
        score: entry.score.clamp(0.0, 1.0),
        step,
        kind: sentence.kind,
        block: sentence.block,
        header: sentence.kind == SentenceKind::TableRow && entry.candidate.header.is_none(),
    })
}
