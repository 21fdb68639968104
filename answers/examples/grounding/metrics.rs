use std::collections::HashSet;

use rust_stemmers::{Algorithm, Stemmer};

use crate::data::Example;

/// Area under the ROC curve by ranks, ties counted half.
pub(crate) fn auroc(scores: &[f32], labels: &[bool]) -> f64 {
    let mut ranked: Vec<(f32, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = labels.iter().filter(|label| **label).count() as f64;
    let negatives = labels.len() as f64 - positives;
    let (mut below, mut sum) = (0.0, 0.0);
    for group in ranked.chunk_by(|a, b| a.0 == b.0) {
        let hits = group.iter().filter(|(_, label)| *label).count() as f64;
        let misses = group.len() as f64 - hits;
        sum += hits * (below + misses / 2.0);
        below += misses;
    }
    sum / (positives * negatives)
}

/// Mean of the shares of supported and of unsupported examples judged right.
pub(crate) fn balanced_accuracy(verdicts: &[bool], labels: &[bool]) -> f64 {
    let right = |wanted: bool| {
        let of_class: Vec<bool> = verdicts
            .iter()
            .zip(labels)
            .filter(|(_, label)| **label == wanted)
            .map(|(v, _)| *v == wanted)
            .collect();
        share(of_class.iter().filter(|hit| **hit).count(), of_class.len())
    };
    f64::midpoint(right(true), right(false))
}

pub(crate) fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// The word-overlap baseline: share of the claim's distinct stems that stand in the source.
pub(crate) fn overlap(example: &Example) -> f32 {
    let (claim, source) = (stems(&example.claim), stems(&example.source));
    let shared = claim.iter().filter(|stem| source.contains(*stem)).count();
    shared as f32 / claim.len().max(1) as f32
}

fn stems(text: &str) -> HashSet<String> {
    let stemmer = Stemmer::create(Algorithm::English);
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| stemmer.stem(word).into_owned())
        .collect()
}
