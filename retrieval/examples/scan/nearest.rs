use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The places of the `limit` largest scores, largest first.
#[inline(always)]
pub(crate) fn best(scores: impl Iterator<Item = f32>, limit: usize) -> Vec<usize> {
    let mut worst_first = BinaryHeap::with_capacity(limit + 1);
    let mut threshold = f32::NEG_INFINITY;
    for (place, score) in scores.enumerate() {
        if worst_first.len() < limit || score > threshold {
            worst_first.push((Reverse(Score(score)), place));
            if worst_first.len() > limit {
                worst_first.pop();
            }
            threshold = worst_first.peek().map_or(threshold, |(Reverse(worst), _)| worst.0);
        }
    }
    worst_first
        .into_sorted_vec()
        .into_iter()
        .map(|(_, place)| place)
        .collect()
}

#[derive(PartialEq)]
struct Score(f32);

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
