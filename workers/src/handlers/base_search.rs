//! Several bases in one search: how their scores are made to compare.
use super::asked_settings::RRF_K;
use retrieval::{Hits, Mode, Query, Replica, Together, fuse_by_rank};
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
    let by_rank = several && !comparable(&searches);
    let explain = searches.first().is_some_and(|search| search.query.explain);
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
    let mut found = Vec::new();
    let mut bases = Vec::new();
    for BaseSearch {
        base,
        model,
        replica,
        mut query,
    } in searches
    {
        if by_rank {
            // As many as a leg proposes: the best of all bases need not be the best of their own.
            query.limit = query.candidates;
            query.explain = true;
        }
        bases.push(base);
        found.push((model, replica.search(&query)?));
    }
    if by_rank {
        fuse_by_rank(&mut found, RRF_K);
        if !explain {
            found.iter_mut().for_each(|(_, hits)| forget_explanations(hits));
        }
    }
    Ok(bases.into_iter().zip(found.into_iter().map(|(_, hits)| hits)).collect())
}

/// Whether scores mean the same in all bases.
fn comparable(searches: &[BaseSearch]) -> bool {
    let Some(first) = searches.first() else { return true };
    searches.iter().all(|search| {
        let same_model = search.model == first.model;
        let same_boost = search.query.title_boost.total_cmp(&first.query.title_boost).is_eq();
        match search.query.mode {
            Mode::Keyword => same_boost,
            Mode::Vector => same_model,
            // What ranks within one base are worth says nothing beside another.
            Mode::Hybrid => {
                let weighted = matches!(search.query.fusion, retrieval::Fusion::Weighted { .. });
                weighted && same_model && same_boost && search.query.fusion == first.query.fusion
            }
        }
    })
}

fn forget_explanations(hits: &mut Hits) {
    hits.ranking.clear();
    hits.hits.iter_mut().for_each(|hit| hit.explain = None);
}
