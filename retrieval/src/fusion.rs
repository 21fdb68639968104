use serde::{Deserialize, Serialize};

use crate::documents::{ChunkKey, ChunkRef};
use crate::query::{Explain, Mode};

/// How a hybrid search makes one score of two.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fusion {
    /// `alpha * cosine + (1 - alpha) * bm25 / best bm25 among the candidates`. Every candidate has both scores, also the
    /// one it was not proposed for. Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023.
    Weighted { alpha: f32 },
    /// The sum of `1 / (k + rank)` over the legs that proposed the chunk. Cormack, Clarke and Büttcher, 2009.
    ReciprocalRank { k: f32 },
}

impl Default for Fusion {
    fn default() -> Self {
        Self::Weighted { alpha: 0.7 }
    }
}

/// A chunk that at least one leg proposed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) key: ChunkKey,
    pub(crate) chunk: ChunkRef,
    pub(crate) explain: Explain,
}

/// Gives every candidate its final score, which is at last multiplied by its `factor` (from 0 to 1), and sorts, best first. Keyword scores are
/// divided by the best of all, which is `best_elsewhere` at least.
pub(crate) fn rank(
    candidates: &mut [Candidate],
    mode: Mode,
    fusion: Fusion,
    best_elsewhere: f32,
    factor: impl Fn(ChunkRef) -> f32,
) {
    let best = candidates
        .iter()
        .filter_map(|candidate| candidate.explain.keyword_score)
        .fold(best_elsewhere, f32::max);
    for candidate in candidates.iter_mut() {
        let explain = &mut candidate.explain;
        explain.score = match mode {
            Mode::Keyword => explain.keyword_score.unwrap_or_default(),
            Mode::Vector => explain.cosine.unwrap_or_default(),
            Mode::Hybrid => fusion.score(explain, best),
        };
        // A cosine below 0 times less than 1 would be a better one.
        if explain.score > 0.0 {
            explain.score *= factor(candidate.chunk);
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

impl Fusion {
    fn score(self, explain: &Explain, best_keyword_score: f32) -> f32 {
        match self {
            Self::Weighted { alpha } => {
                let keyword = explain.keyword_score.unwrap_or_default();
                let keyword = if best_keyword_score > 0.0 {
                    keyword / best_keyword_score
                } else {
                    0.0
                };
                alpha * explain.cosine.unwrap_or_default() + (1.0 - alpha) * keyword
            }
            Self::ReciprocalRank { k } => {
                let ranks = [explain.keyword_rank, explain.vector_rank];
                ranks.into_iter().flatten().map(|rank| 1.0 / (k + rank as f32)).sum()
            }
        }
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
            score: 0.0,
        };
        Candidate {
            key,
            chunk: ChunkRef { document: 0, place: 0 },
            explain,
        }
    }

    fn ranked(mut candidates: Vec<Candidate>, mode: Mode, fusion: Fusion) -> Vec<(u128, f32)> {
        rank(&mut candidates, mode, fusion, 0.0, |_| 1.0);
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
        assert_eq!(ranked(candidates, Mode::Hybrid, even), [(1, 0.625), (2, 0.625)]);
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
