use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::documents::{ChunkKey, ChunkRef, Documents};

/// A chunk with its score in one leg. Greater means better: by score, then by smaller key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranked {
    pub(crate) score: f32,
    pub(crate) key: ChunkKey,
    pub(crate) chunk: ChunkRef,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| other.key.cmp(&self.key))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

/// The best `limit` chunks offered so far, whatever the order of the offers.
pub(crate) struct Top {
    limit: usize,
    worst_first: BinaryHeap<std::cmp::Reverse<Ranked>>,
}

impl Top {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            worst_first: BinaryHeap::new(),
        }
    }

    /// Scores below this one cannot enter any more; an equal score can, by its key.
    pub(crate) fn threshold(&self) -> f32 {
        match self.worst_first.peek() {
            Some(worst) if self.worst_first.len() >= self.limit => worst.0.score,
            _ => f32::NEG_INFINITY,
        }
    }

    pub(crate) fn offer(&mut self, score: f32, chunk: ChunkRef, documents: &Documents) {
        if self.limit == 0 || score < self.threshold() {
            return;
        }
        let Some(key) = documents.key(chunk) else { return };
        self.worst_first.push(std::cmp::Reverse(Ranked { score, key, chunk }));
        if self.worst_first.len() > self.limit {
            self.worst_first.pop();
        }
    }

    /// Best first.
    pub(crate) fn into_ranking(self) -> Vec<Ranked> {
        self.worst_first
            .into_sorted_vec()
            .into_iter()
            .map(|ranked| ranked.0)
            .collect()
    }
}
