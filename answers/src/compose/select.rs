use std::collections::HashSet;

use super::candidates::Candidate;
use super::kinds::Expected;
use super::question::Question;
use crate::text::{SentenceKind, content_stems};

/// Sentences of an answer in prose.
const MAX_PROSE: usize = 4;
/// Items of an answer that is a list of steps.
const MAX_STEPS: usize = 8;
/// A further sentence must reach this share of the best one's score.
const CLOSE_TO_BEST: f32 = 0.8;
/// Two sentences that share this much of their words say the same.
const SAME_WORDS: f32 = 0.65;

/// Chooses the sentences of the answer: places in `scored`, in reading order. `scored` holds candidates with their scores, in
/// passage order; `best` is the place of the best one.
pub(super) fn select(question: &Question, scored: &[(Candidate, f32)], best: usize) -> Vec<usize> {
    let Some((top, top_score)) = scored.get(best) else {
        return Vec::new();
    };
    let mut chosen = if question.expected == Expected::Steps {
        steps(scored, best)
    } else {
        Vec::new()
    };
    if chosen.is_empty() {
        chosen.push(best);
        chosen.extend(antecedent(scored, best));
        let mut ranked: Vec<usize> = (0..scored.len()).collect();
        ranked.sort_by(|&a, &b| score_at(scored, b).total_cmp(&score_at(scored, a)).then(a.cmp(&b)));
        for at in ranked {
            let Some((candidate, score)) = scored.get(at) else {
                continue;
            };
            let enough = *score >= CLOSE_TO_BEST * top_score && candidate.answers && candidate.own_coverage > 0.0;
            let full = chosen.len()
                >= if question.expected.is_strict() {
                    2
                } else {
                    MAX_PROSE - 1
                };
            if full || !enough {
                break;
            }
            if !chosen.contains(&at) && !repeats(scored, &chosen, candidate) {
                chosen.push(at);
                chosen.extend(
                    antecedent(scored, at).filter(|before| !chosen.contains(before) && chosen.len() < MAX_PROSE),
                );
            }
        }
    }
    // Reading order: the best sentence's passage first, then the others by rank.
    let order = |at: &usize| {
        let place = scored
            .get(*at)
            .map(|(candidate, _)| (candidate.passage != top.passage, candidate.passage, candidate.place));
        place.unwrap_or((true, usize::MAX, 0))
    };
    chosen.sort_by_key(order);
    chosen.dedup();
    chosen
}

fn score_at(scored: &[(Candidate, f32)], at: usize) -> f32 {
    scored.get(at).map_or(0.0, |(_, score)| *score)
}

/// The list that the best candidate introduces or belongs to.
fn steps(scored: &[(Candidate, f32)], best: usize) -> Vec<usize> {
    let Some((top, _)) = scored.get(best) else {
        return Vec::new();
    };
    let same_passage = |at: &usize| {
        scored
            .get(*at)
            .is_some_and(|(candidate, _)| candidate.passage == top.passage)
    };
    let is_step = |at: &usize| {
        same_passage(at)
            && scored
                .get(*at)
                .is_some_and(|(candidate, _)| candidate.sentence.kind == SentenceKind::Item)
    };
    let begins = if is_step(&best) {
        (0..=best).rev().take_while(|at| is_step(at)).last().unwrap_or(best)
    } else if is_step(&(best + 1)) {
        best + 1
    } else {
        return Vec::new();
    };
    let items: Vec<usize> = (begins..scored.len())
        .take_while(|at| is_step(at))
        .take(MAX_STEPS)
        .collect();
    let intro = (!is_step(&best) && scored.get(best).is_some_and(|(candidate, _)| candidate.answers)).then_some(best);
    // In a list longer than fits, the window must hold the item that matched.
    let holds = items.contains(&best) || intro.is_some() || !is_step(&best);
    if !holds {
        return Vec::new();
    }
    let answering = items
        .into_iter()
        .filter(|at| scored.get(*at).is_some_and(|(candidate, _)| candidate.answers));
    intro.into_iter().chain(answering).take(MAX_STEPS).collect()
}

/// The sentence before one that begins with a word pointing back ("It", "This"), so that the answer stands on its own.
fn antecedent(scored: &[(Candidate, f32)], at: usize) -> Option<usize> {
    let (candidate, _) = scored.get(at)?;
    if !points_back(candidate) {
        return None;
    }
    let before = at.checked_sub(1)?;
    let (previous, _) = scored.get(before)?;
    let usable =
        previous.passage == candidate.passage && previous.answers && previous.sentence.kind == SentenceKind::Prose;
    usable.then_some(before)
}

/// Whether a sentence begins with a word whose meaning stands in the sentence before.
pub(super) fn points_back(candidate: &Candidate) -> bool {
    candidate.words.first().is_some_and(|word| {
        matches!(
            word.lower.as_str(),
            "it" | "this"
                | "they"
                | "these"
                | "those"
                | "that"
                | "he"
                | "she"
                | "its"
                | "their"
                | "otherwise"
                | "then"
                | "however"
                | "also"
                | "instead"
                | "therefore"
                | "such"
        )
    })
}

fn repeats(scored: &[(Candidate, f32)], chosen: &[usize], candidate: &Candidate) -> bool {
    let mine: HashSet<&str> = content_stems(&candidate.words).into_iter().collect();
    chosen.iter().filter_map(|at| scored.get(*at)).any(|(other, _)| {
        let theirs: HashSet<&str> = content_stems(&other.words).into_iter().collect();
        let shared = mine.intersection(&theirs).count() as f32;
        shared >= SAME_WORDS * mine.len().min(theirs.len()).max(1) as f32
    })
}
