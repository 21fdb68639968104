use std::collections::HashSet;

use super::candidates::ABOVE;
use super::question::Question;
use super::reading::points_back;
use super::score::Scored;
use crate::text::{SentenceKind, content_stems};

/// Sentences of an answer in prose.
const MAX_PROSE: usize = 4;
/// A further sentence must reach this share of the best one's score.
const CLOSE_TO_BEST: f32 = 0.85;
/// Two sentences that share this much of their words say the same.
const SAME_WORDS: f32 = 0.65;
/// Content words up to which a sentence that does not give what is asked for is too short to stand alone.
const SHORT: usize = 3;
/// Own coverage that differs by less is the same.
const AS_MUCH: f32 = 0.02;

/// Chooses the sentences of the answer: places in `scored`, in reading order. `best` is the place of the best one; others join
/// it only when they are nearly as good and say something of the question that is not said yet, or as much of it as the best.
pub(super) fn select(question: &Question, scored: &[Scored], best: usize) -> Vec<usize> {
    let Some(top) = scored.get(best) else {
        return Vec::new();
    };
    let mut chosen = vec![best];
    let mut ranked: Vec<usize> = (0..scored.len()).filter(|at| *at != best).collect();
    ranked.sort_by(|&a, &b| score_at(scored, b).total_cmp(&score_at(scored, a)).then(a.cmp(&b)));
    let most = if question.expected.is_strict() {
        2
    } else {
        MAX_PROSE - 1
    };
    for at in ranked {
        let Some(entry) = scored.get(at) else {
            continue;
        };
        if chosen.len() >= most || entry.score < CLOSE_TO_BEST * top.score {
            break;
        }
        let fits = entry.candidate.answers
            && !entry.announces
            && (entry.given || !top.given)
            && entry.candidate.own_coverage > 0.0;
        if fits && adds(scored, &chosen, entry, top) && !repeats(scored, &chosen, entry) {
            chosen.push(at);
        }
    }
    chosen.extend(continuation(scored, best).filter(|at| !chosen.contains(at)));
    let before: Vec<usize> = chosen.iter().filter_map(|at| antecedent(scored, *at)).collect();
    for at in before {
        if !chosen.contains(&at) && chosen.len() < MAX_PROSE {
            chosen.push(at);
        }
    }
    // Reading order: the best sentence's passage first, then the others by rank.
    let order = |at: &usize| {
        let candidate = scored.get(*at).map(|entry| &entry.candidate);
        candidate.map_or((true, usize::MAX, 0), |candidate| {
            (
                candidate.passage != top.candidate.passage,
                candidate.passage,
                candidate.place,
            )
        })
    };
    chosen.sort_by_key(order);
    chosen
}

fn score_at(scored: &[Scored], at: usize) -> f32 {
    scored.get(at).map_or(0.0, |entry| entry.score)
}

/// Whether a sentence says a term of the question that the chosen ones do not, or as much of it as the best one.
fn adds(scored: &[Scored], chosen: &[usize], entry: &Scored, top: &Scored) -> bool {
    let said = |term: usize| {
        chosen
            .iter()
            .filter_map(|at| scored.get(*at))
            .any(|other| other.candidate.has(term))
    };
    let new_term = (0..entry.candidate.places.len()).any(|term| entry.candidate.has(term) && !said(term));
    let beside = entry.candidate.passage == top.candidate.passage;
    new_term || (beside && entry.candidate.own_coverage >= top.candidate.own_coverage - AS_MUCH)
}

/// What a sentence needs before it to be understood: the header of its table; the sentence that its first word points back to,
/// if that one has a term of the question which neither it nor a heading has.
fn antecedent(scored: &[Scored], at: usize) -> Option<usize> {
    let entry = scored.get(at)?;
    let candidate = &entry.candidate;
    let back_to = |place: usize| at.checked_sub(candidate.place.checked_sub(place)?);
    if let Some(header) = candidate.header {
        return back_to(header);
    }
    if !points_back(&candidate.words) {
        return None;
    }
    let before = back_to(candidate.place.checked_sub(1)?)?;
    let previous = &scored.get(before)?.candidate;
    let missing = candidate.places.iter().enumerate().filter(|(_, place)| **place < ABOVE);
    let carries_subject = missing.into_iter().any(|(term, _)| previous.has(term));
    (previous.answers && previous.is_kind(SentenceKind::Prose) && carries_subject).then_some(before)
}

/// The sentence after one that is too short to answer alone, in the same paragraph.
fn continuation(scored: &[Scored], best: usize) -> Option<usize> {
    let entry = scored.get(best)?;
    let next = scored.get(best + 1)?;
    let short = !entry.given && content_stems(&entry.candidate.words).len() <= SHORT;
    let same_paragraph = next.candidate.passage == entry.candidate.passage
        && next.candidate.sentence.block == entry.candidate.sentence.block;
    (short && same_paragraph && next.candidate.answers).then_some(best + 1)
}

fn repeats(scored: &[Scored], chosen: &[usize], entry: &Scored) -> bool {
    let mine: HashSet<&str> = content_stems(&entry.candidate.words).into_iter().collect();
    chosen.iter().filter_map(|at| scored.get(*at)).any(|other| {
        let theirs: HashSet<&str> = content_stems(&other.candidate.words).into_iter().collect();
        let shared = mine.intersection(&theirs).count() as f32;
        shared >= SAME_WORDS * mine.len().min(theirs.len()).max(1) as f32
    })
}
