//! Several bases in one search: how their scores are made to compare.
use super::fusion::RRF_K;
use retrieval::{CandidateScore, Hits, Mode, Query, Replica, Together, fuse_by_rank};
use std::sync::Arc;
use store::KnowledgeBaseId;

/// The search of one base.
pub(super) struct BaseSearch {
    pub(super) base: KnowledgeBaseId,
    pub(super) model: String,
    pub(super) replica: Arc<Replica>,
    pub(super) query: Query,
}

/// Searches each base, and blocks. Afterwards scores compare between them (docs/decisions/026): as if they were one base where one model embeds
/// them and their settings are the same, else by ranks.
pub(super) fn search_all(mut searches: Vec<BaseSearch>) -> retrieval::Result<Vec<(KnowledgeBaseId, Hits)>> {
    let several = searches.len() > 1;
    if several {
        let bases: Vec<(&Replica, &Query)> = searches
            .iter()
            .map(|search| (&*search.replica, &search.query))
            .collect();
        let together = Together::of(&bases)?;
        for search in &mut searches {
            search.query.together = Some(together.clone());
        }
    }
    if several && !comparable(&searches) {
        return search_by_rank(searches);
    }
    let found = searches.into_iter().map(|search| {
        search.query.stop.check()?;
        Ok((search.base, search.replica.search(&search.query)?))
    });
    found.collect()
}

/// Ranks the candidates of all bases, as many as their legs propose (the best of all need not be the best of their own), and reads the best `limit`.
fn search_by_rank(searches: Vec<BaseSearch>) -> retrieval::Result<Vec<(KnowledgeBaseId, Hits)>> {
    let mut ranked = Vec::with_capacity(searches.len());
    for search in &searches {
        search.query.stop.check()?;
        let unread = Query {
            limit: 0,
            explain: true,
            ..search.query.clone()
        };
        ranked.push((search.model.clone(), search.replica.search(&unread)?));
    }
    fuse_by_rank(&mut ranked, RRF_K);
    let limit = searches.first().map_or(0, |search| search.query.limit);
    let best = best_of_all(&ranked, limit);
    let mut found = Vec::with_capacity(searches.len());
    for ((search, (_, mut hits)), wanted) in searches.into_iter().zip(ranked).zip(best) {
        search.query.stop.check()?;
        hits.hits = search.replica.read_ranked(&search.query, &wanted)?;
        if !search.query.explain {
            hits.ranking.clear();
        }
        found.push((search.base, hits));
    }
    Ok(found)
}

/// The best `limit` candidates, base by base; of those that score the same, the first base's come first.
fn best_of_all(ranked: &[(String, Hits)], limit: usize) -> Vec<Vec<CandidateScore>> {
    let of_bases = ranked.iter().map(|(_, hits)| &hits.ranking).enumerate();
    let mut all: Vec<(usize, CandidateScore)> = of_bases
        .flat_map(|(base, ranking)| ranking.iter().map(move |candidate| (base, *candidate)))
        .collect();
    all.sort_by(|(_, a), (_, b)| b.explain.score.total_cmp(&a.explain.score));
    all.truncate(limit);
    let of_base = |base: usize| all.iter().filter(move |(of, _)| *of == base).map(|(_, best)| *best);
    (0..ranked.len()).map(|base| of_base(base).collect()).collect()
}

/// Whether scores mean the same in all bases.
fn comparable(searches: &[BaseSearch]) -> bool {
    let Some(first) = searches.first() else { return true };
    searches.iter().all(|search| {
        let same_model = search.model == first.model;
        let boosts = |of: &BaseSearch| [of.query.title_boost, of.query.heading_boost].map(f32::to_bits);
        let same_boosts = boosts(search) == boosts(first);
        match search.query.mode {
            Mode::Keyword => same_boosts,
            Mode::Vector => same_model,
            // What ranks within one base are worth says nothing beside another.
            Mode::Hybrid => {
                let weighted = matches!(search.query.fusion, retrieval::Fusion::Weighted { .. });
                weighted && same_model && same_boosts && search.query.fusion == first.query.fusion
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use retrieval::Explain;
    use uuid::Uuid;

    fn ranked(scores: &[(u128, f32)]) -> (String, Hits) {
        let candidate = |(id, score): &(u128, f32)| CandidateScore {
            document_id: Uuid::nil(),
            chunk_id: Uuid::from_u128(*id),
            factor: 1.0,
            explain: Explain {
                score: *score,
                ..Explain::default()
            },
        };
        let hits = Hits {
            ranking: scores.iter().map(candidate).collect(),
            ..Hits::default()
        };
        ("model".to_owned(), hits)
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
