use super::candidates::{ABOVE, weighted};
use super::imperatives::commands;
use super::score::{OTHER_TASK, Scored, of_list};
use crate::text::SentenceKind;

/// Share of a list's items that must instruct, for it to be a list of steps and not one of things.
const INSTRUCTING: f32 = 0.5;

/// Coverage from which a list as a whole is about the question.
const ABOUT: f32 = 0.5;

/// A list of steps: places in the scored sentences, in reading order.
pub(super) struct StepList {
    pub(super) sentences: Vec<usize>,
    /// Comparable to the score of a sentence that gives what is asked for.
    pub(super) score: f32,
    pub(super) coverage: f32,
    /// The same without what stands in other parts of the passage.
    own_coverage: f32,
    pub(super) nearness: f32,
    /// Its lead-in or heading names another task than the question.
    other_task: bool,
}

impl StepList {
    /// Whether its steps serve the question.
    pub(super) fn is_about_question(&self) -> bool {
        self.own_coverage >= ABOUT && !self.other_task
    }
}

/// All lists of steps, each judged as a whole with what stands above it.
pub(super) fn step_lists(scored: &[Scored], weights: &[f32]) -> Vec<StepList> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < scored.len() {
        let steps = steps_from(scored, at);
        at = steps.last().copied().unwrap_or(at) + 1;
        if is_list(scored, &steps) {
            found.extend(judged(scored, steps, weights));
        }
    }
    found
}

/// The list to answer with: that of the best sentence, or one that is better as a whole.
pub(super) fn list_for(lists: Vec<StepList>, best: Option<(usize, f32)>) -> Option<StepList> {
    let holds_best = |list: &StepList| best.is_some_and(|(at, _)| list.sentences.contains(&at));
    let better = |list: &StepList| best.is_none_or(|(_, score)| list.score >= score);
    lists
        .into_iter()
        .filter(|list| (list.is_about_question() && holds_best(list)) || better(list))
        .max_by(|a, b| {
            let rank = |list: &StepList| (holds_best(list), list.score);
            rank(a).0.cmp(&rank(b).0).then(rank(a).1.total_cmp(&rank(b).1))
        })
}

/// The run of steps that begins here: items, and sentences of prose that command. Captions of pictures between them do not end it.
fn steps_from(scored: &[Scored], at: usize) -> Vec<usize> {
    let Some(first) = scored.get(at).filter(|entry| is_step(entry)) else {
        return Vec::new();
    };
    scored
        .iter()
        .enumerate()
        .skip(at)
        .take_while(|(_, entry)| {
            let same_passage = entry.candidate.passage == first.candidate.passage;
            same_passage && (is_step(entry) || entry.candidate.caption)
        })
        .filter(|(_, entry)| !entry.candidate.caption)
        .map(|(at, _)| at)
        .collect()
}

fn is_step(entry: &Scored) -> bool {
    let candidate = &entry.candidate;
    candidate.is_kind(SentenceKind::Item)
        || (candidate.is_kind(SentenceKind::Prose)
            && candidate.answers
            && !entry.announces
            && commands(&candidate.words))
}

/// Whether a run has more than one sentence, and instructions in enough of its items and paragraphs.
fn is_list(scored: &[Scored], steps: &[usize]) -> bool {
    let entries: Vec<&Scored> = steps.iter().filter_map(|at| scored.get(*at)).collect();
    let blocks: Vec<&[&Scored]> = entries
        .chunk_by(|a, b| a.candidate.sentence.block == b.candidate.sentence.block)
        .collect();
    let instructing = blocks
        .iter()
        .filter(|block| block.iter().any(|entry| entry.given))
        .count();
    steps.len() > 1 && instructing as f32 >= INSTRUCTING * blocks.len() as f32
}

/// The list with its lead-in, scored like a sentence: it has of the question what its lead-in has, and what its steps have on
/// average, their headings included. One step that has it all makes no list about it.
fn judged(scored: &[Scored], steps: Vec<usize>, weights: &[f32]) -> Option<StepList> {
    let at = *steps.first()?;
    let first = scored.get(at)?;
    let lead_in = at.checked_sub(1).filter(|before| {
        scored.get(*before).is_some_and(|entry| {
            entry.candidate.passage == first.candidate.passage
                && entry.candidate.is_kind(SentenceKind::Prose)
                && (first.candidate.is_kind(SentenceKind::Item) || entry.candidate.sentence.text.ends_with(':'))
        })
    });
    let members: Vec<&Scored> = lead_in.iter().chain(&steps).filter_map(|at| scored.get(*at)).collect();
    let of_steps: Vec<&Scored> = steps.iter().filter_map(|at| scored.get(*at)).collect();
    let place = |entry: &Scored, term: usize, floor: f32| {
        let place = entry.candidate.places.get(term).copied().unwrap_or(0.0);
        if place >= floor { place } else { 0.0 }
    };
    let places = |floor: f32| -> Vec<f32> {
        let of_term = |term: usize| {
            let mean = of_steps.iter().map(|step| place(step, term, floor)).sum::<f32>() / of_steps.len() as f32;
            let introduced = lead_in
                .and_then(|at| scored.get(at))
                .map_or(0.0, |entry| place(entry, term, floor));
            mean.max(introduced)
        };
        (0..weights.len()).map(of_term).collect()
    };
    let coverage = weighted(&places(0.0), weights, 0.0);
    let own = weighted(&places(ABOVE), weights, 0.0);
    let nearness = members.iter().map(|member| member.nearness).fold(0.0, f32::max);
    let other_task = members.first().is_some_and(|first| first.candidate.other_task);
    let score = of_list(coverage, own, nearness, first.candidate.passage) - if other_task { OTHER_TASK } else { 0.0 };
    let usable = steps
        .into_iter()
        .filter(|at| scored.get(*at).is_some_and(|entry| entry.candidate.answers));
    Some(StepList {
        sentences: lead_in.into_iter().chain(usable).collect(),
        score,
        coverage,
        own_coverage: own,
        nearness,
        other_task,
    })
}
