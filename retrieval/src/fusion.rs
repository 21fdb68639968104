use serde::{Deserialize, Serialize};

use crate::documents::{ChunkKey, ChunkRef};
use crate::query::{Explain, Mode};

/// How a hybrid search makes one score of two.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fusion {
    /// `alpha * cosine + (1 - alpha) * bm25 / ceiling`, where the ceiling is what BM25 can come to for the query (`ceiling` in `retrieval/src/keyword/index.rs`): neither part is measured by what else
    /// is found. Every candidate has both scores, also the one it was not proposed for. Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023; docs/decisions/005.
    Weighted { alpha: f32 },
    /// The sum of `1 / (k + rank)` over the legs that proposed the chunk. Cormack, Clarke and Büttcher, 2009.
    ReciprocalRank { k: f32 },
}

impl Default for Fusion {
    fn default() -> Self {
        Self::Weighted { alpha: 0.6 }
    }
}

/// A chunk that at least one leg proposed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) key: ChunkKey,
    pub(crate) chunk: ChunkRef,
    pub(crate) explain: Explain,
}

/// Gives every candidate its final score, which is at last multiplied by its `factor` (from 0 to 1), and sorts, best first. A weighted score needs the `ceiling` of keyword scores.
pub(crate) fn rank(
    candidates: &mut [Candidate],
    mode: Mode,
    fusion: Fusion,
    ceiling: f32,
    factor: impl Fn(ChunkRef) -> f32,
) {
    for Candidate { chunk, explain, .. } in candidates.iter_mut() {
        match (mode, fusion) {
            (Mode::Keyword, _) => explain.score_by(explain.keyword_score.unwrap_or_default(), factor(*chunk)),
            (Mode::Vector, _) => explain.score_by(explain.cosine.unwrap_or_default(), factor(*chunk)),
            (Mode::Hybrid, Fusion::Weighted { alpha }) => explain.weigh(alpha, ceiling, factor(*chunk)),
            (Mode::Hybrid, Fusion::ReciprocalRank { k }) => explain.add_ranks(k, factor(*chunk)),
        }
    }
    candidates.sort_unstable_by(|left, right| {
        right
            .explain
            .score
            .total_cmp(&left.explain.score)
            .then_with(|| left.key.cmp(&right.key))
    });
}

impl Explain {
    /// The weighted sum of both legs.
    fn weigh(&mut self, alpha: f32, ceiling: f32, factor: f32) {
        let keyword_score = self.keyword_score.unwrap_or_default();
        let share = if ceiling > 0.0 { keyword_score / ceiling } else { 0.0 };
        self.keyword_share = Some(share);
        self.score_by(alpha * self.cosine.unwrap_or_default() + (1.0 - alpha) * share, factor);
    }

    pub(crate) fn add_ranks(&mut self, k: f32, factor: f32) {
        let ranks = [self.keyword_rank, self.vector_rank];
        let sum = ranks.into_iter().flatten().map(|rank| 1.0 / (k + rank as f32)).sum();
        self.score_by(sum, factor);
    }

    fn score_by(&mut self, score: f32, factor: f32) {
        // A cosine below 0 times less than 1 would be a better one.
        self.score = if score > 0.0 { score * factor } else { score };
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn candidate(id: u128, keyword: (f32, Option<u32>), vector: (f32, Option<u32>)) -> Candidate {
        let key = ChunkKey {
            document_id: Uuid::from_u128(id),
            ordinal: 0,
            chunk_id: Uuid::nil(),
        };
        let explain = Explain {
            keyword_score: Some(keyword.0),
            keyword_rank: keyword.1,
            cosine: Some(vector.0),
            vector_rank: vector.1,
            ..Explain::default()
        };
        Candidate {
            key,
            chunk: ChunkRef { document: 0, place: 0 },
            explain,
        }
    }

    fn ranked(mut candidates: Vec<Candidate>, mode: Mode, fusion: Fusion) -> Vec<(u128, f32)> {
        rank(&mut candidates, mode, fusion, 16.0, |_| 1.0);
        candidates
            .iter()
            .map(|candidate| (candidate.key.document_id.as_u128(), candidate.explain.score))
            .collect()
    }

    #[test]
    fn weighted_scores_use_both_legs_of_every_candidate() {
        let candidates = vec![
            candidate(1, (8.0, Some(1)), (0.25, None)),
            candidate(2, (4.0, None), (0.75, Some(1))),
        ];
        let even = Fusion::Weighted { alpha: 0.5 };
        assert_eq!(ranked(candidates, Mode::Hybrid, even), [(2, 0.5), (1, 0.375)]);
    }

    #[test]
    fn a_score_is_the_same_whatever_else_is_found() {
        let one = || candidate(1, (8.0, Some(1)), (0.5, Some(1)));
        let even = Fusion::Weighted { alpha: 0.5 };
        assert_eq!(ranked(vec![one()], Mode::Hybrid, even), [(1, 0.5)]);
        let beside = vec![one(), candidate(2, (12.0, None), (0.0, None))];
        assert_eq!(ranked(beside, Mode::Hybrid, even), [(1, 0.5), (2, 0.375)]);
        assert_eq!(ranked(Vec::new(), Mode::Hybrid, even), []);
    }

    #[test]
    fn without_any_keyword_match_the_cosine_decides() {
        let candidates = vec![
            candidate(1, (0.0, None), (0.2, Some(2))),
            candidate(2, (0.0, None), (0.4, Some(1))),
        ];
        let order: Vec<u128> = ranked(candidates, Mode::Hybrid, Fusion::default())
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        assert_eq!(order, [2, 1]);
    }

    #[test]
    fn reciprocal_ranks_add_up_over_the_legs_that_proposed_the_chunk() {
        let candidates = vec![
            candidate(1, (9.0, Some(1)), (0.9, None)),
            candidate(2, (1.0, Some(3)), (0.1, Some(3))),
        ];
        let ranked = ranked(candidates, Mode::Hybrid, Fusion::ReciprocalRank { k: 1.0 });
        assert_eq!(ranked, [(1, 0.5), (2, 0.5)]);
    }

    #[test]
    fn single_modes_ignore_the_other_leg() {
        let candidates = || {
            vec![
                candidate(1, (8.0, Some(1)), (0.25, None)),
                candidate(2, (4.0, None), (0.75, Some(1))),
            ]
        };
        assert_eq!(
            ranked(candidates(), Mode::Keyword, Fusion::default()),
            [(1, 8.0), (2, 4.0)]
        );
        assert_eq!(
            ranked(candidates(), Mode::Vector, Fusion::default()),
            [(2, 0.75), (1, 0.25)]
        );
    }
}
