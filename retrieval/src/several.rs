//! A search of several bases: how their scores are made to compare.
use std::sync::Arc;

use crate::error::Result;
use crate::fusion::Fusion;
use crate::query::{CandidateScore, Hits, Mode, Query};
use crate::replica::Replica;
use crate::together::{Together, fuse_by_rank, rank_as_one};

/// The constant of reciprocal rank fusion in the paper that named it. Cormack, Clarke and Büttcher, 2009.
pub const RRF_K: f32 = 60.0;

/// The search of one base beside others.
#[derive(Clone, Debug)]
pub struct BaseQuery {
    pub replica: Arc<Replica>,
    /// What embedded the base, and its query's vector: cosines of different models do not compare.
    pub model: String,
    pub query: Query,
}

/// Searches the bases, which are all one tenant's, for the same and for as many hits, and blocks. Afterwards scores compare between them (docs/decisions/026): as if they were one base where one
/// model embeds them and their settings are the same, else by ranks. Answers the hits of each base, which of all together are the best.
pub fn search_several(mut bases: Vec<BaseQuery>) -> Result<Vec<Hits>> {
    if let [only] = &*bases {
        return Ok(vec![only.replica.search(&only.query)?]);
    }
    let looked_at: Vec<(&Replica, &Query)> = bases.iter().map(|base| (&*base.replica, &base.query)).collect();
    let together = Together::of(&looked_at)?;
    for base in &mut bases {
        base.query.together = Some(together.clone());
    }
    let (found, has_moved) = search_once(&bases)?;
    // Of documents that were replaced before they were read, neither version was found.
    if has_moved {
        Ok(search_once(&bases)?.0)
    } else {
        Ok(found)
    }
}

/// Ranks the candidates of all bases, and reads the best `limit`; and whether some of these were gone by then.
fn search_once(bases: &[BaseQuery]) -> Result<(Vec<Hits>, bool)> {
    let mut ranked = Vec::with_capacity(bases.len());
    for BaseQuery { replica, model, query } in bases {
        query.stop.check()?;
        let unread = Query {
            limit: 0,
            explain: true,
            min_similarity: None,
            ..query.clone()
        };
        ranked.push((model.as_str(), replica.search(&unread)?));
    }
    if comparable(bases) {
        let candidates = bases.iter().map(|base| base.query.candidates).max();
        rank_as_one(&mut ranked, candidates.unwrap_or_default());
    } else {
        fuse_by_rank(&mut ranked, RRF_K);
    }
    let mut ranked: Vec<Hits> = ranked.into_iter().map(|(_, hits)| hits).collect();
    for (base, hits) in bases.iter().zip(&mut ranked) {
        hits.ranking.retain(|candidate| base.query.admits(&candidate.explain));
        hits.candidates = hits.ranking.len();
    }
    let best = best_of_all(&ranked, bases.first().map_or(0, |base| base.query.limit));
    let mut has_moved = false;
    for ((BaseQuery { replica, query, .. }, hits), wanted) in bases.iter().zip(&mut ranked).zip(best) {
        query.stop.check()?;
        hits.hits = replica.read_ranked(query, &wanted)?;
        has_moved |= hits.hits.len() < wanted.len();
        if !query.explain {
            hits.ranking.clear();
            hits.terms.clear();
        }
    }
    Ok((ranked, has_moved))
}

/// The best `limit` candidates, base by base; of those that score the same, the first base's come first.
fn best_of_all(ranked: &[Hits], limit: usize) -> Vec<Vec<CandidateScore>> {
    let of_bases = ranked.iter().map(|hits| &hits.ranking).enumerate();
    let mut all: Vec<(usize, CandidateScore)> = of_bases
        .flat_map(|(base, ranking)| ranking.iter().map(move |candidate| (base, *candidate)))
        .collect();
    all.sort_by(|(_, a), (_, b)| b.explain.score.total_cmp(&a.explain.score));
    all.truncate(limit);
    let of_base = |base: usize| all.iter().filter(move |(of, _)| *of == base).map(|(_, best)| *best);
    (0..ranked.len()).map(|base| of_base(base).collect()).collect()
}

/// Whether scores mean the same in all bases.
fn comparable(bases: &[BaseQuery]) -> bool {
    let Some(first) = bases.first() else { return true };
    bases.iter().all(|base| {
        let same_model = base.model == first.model;
        let boosts = |of: &Query| [of.title_boost, of.heading_boost].map(f32::to_bits);
        let same_boosts = boosts(&base.query) == boosts(&first.query);
        match base.query.mode {
            Mode::Keyword => same_boosts,
            Mode::Vector => same_model,
            // What ranks within one base are worth says nothing beside another.
            Mode::Hybrid => {
                let weighted = matches!(base.query.fusion, Fusion::Weighted { .. });
                weighted && same_model && same_boosts && base.query.fusion == first.query.fusion
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::query::Explain;

    fn ranked(scores: &[(u128, f32)]) -> Hits {
        let candidate = |(id, score): &(u128, f32)| CandidateScore {
            document_id: Uuid::nil(),
            chunk_id: Uuid::from_u128(*id),
            factor: 1.0,
            explain: Explain {
                score: *score,
                ..Explain::default()
            },
        };
        Hits {
            ranking: scores.iter().map(candidate).collect(),
            ..Hits::default()
        }
    }

    #[test]
    fn the_best_of_all_are_read_whichever_base_they_are_of() {
        // A base's own order is another than that of the fused scores.
        let bases = [
            ranked(&[(1, 0.1), (2, 0.9)]),
            ranked(&[]),
            ranked(&[(3, 0.8), (4, 0.5), (5, 0.9)]),
        ];
        let best = |limit| -> Vec<Vec<u128>> {
            let of_bases = best_of_all(&bases, limit).into_iter();
            of_bases
                .map(|of_base| of_base.iter().map(|best| best.chunk_id.as_u128()).collect())
                .collect()
        };
        assert_eq!(best(1), [vec![2], vec![], vec![]], "of equal scores the first base's");
        assert_eq!(best(3), [vec![2], vec![], vec![5, 3]]);
        assert_eq!(best(100), [vec![2, 1], vec![], vec![5, 3, 4]]);
    }
}
