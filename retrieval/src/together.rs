//! Several bases searched as if they were one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use crate::error::Result;
use crate::keyword::SharedStatistics;
use crate::query::{Explain, Hits, Query};
use crate::replica::{Narrowed, Replica};

/// What the bases of one search have in common, so that scores of all of them compare.
#[derive(Clone, Debug)]
pub struct Together {
    pub(crate) statistics: SharedStatistics,
    /// The best that the keyword leg gives in any of them: what keyword scores are divided by.
    pub(crate) best_keyword_score: f32,
    /// What the query may look at in each of them, so that it is found out once.
    pub(crate) narrowed: Arc<[Narrowed]>,
}

impl Together {
    /// Looks at what the queries may look at in each base, and, where they are hybrid, at its keyword leg. All are one tenant's, and the queries ask for the same.
    pub fn of(bases: &[(&Replica, &Query)]) -> Result<Self> {
        let seen = bases.iter().map(|(replica, query)| replica.seen_by(&query.viewer));
        let statistics = SharedStatistics::new(seen.collect::<Result<_>>()?);
        let (mut narrowed, mut best_keyword_score) = (Vec::with_capacity(bases.len()), 0.0_f32);
        for (replica, query) in bases {
            query.stop.check()?;
            let (of_base, best) = replica.look(query, &statistics)?;
            narrowed.push(of_base);
            best_keyword_score = best_keyword_score.max(best);
        }
        Ok(Self {
            statistics,
            best_keyword_score,
            narrowed: narrowed.into(),
        })
    }
}

/// Reciprocal rank fusion of all legs of all bases, for bases whose cosines do not compare: one list of the keyword leg over all, whose scores compare
/// through [`Together`], and one of the vector leg for each model. Gives each candidate of the rankings that score, times what recency asks for, and its
/// ranks in those lists; the bases, named by their models, must have been searched with `explain`, and for no hits: those are
/// [read](Replica::read_ranked) afterwards, of the best. Cormack, Clarke and Büttcher, 2009.
pub fn fuse_by_rank(bases: &mut [(String, Hits)], k: f32) {
    let by_keyword = ranks(
        bases,
        |_| true,
        |explain| explain.keyword_rank.and(explain.keyword_score),
    );
    let mut by_vector = Ranks::new();
    let models: BTreeSet<String> = bases.iter().map(|(model, _)| model.clone()).collect();
    for model in &models {
        by_vector.extend(ranks(
            bases,
            |of| of == model,
            |explain| explain.vector_rank.and(explain.cosine),
        ));
    }
    let fuse = |chunk_id: &Uuid, factor: f32, explain: &mut Explain| {
        explain.keyword_rank = by_keyword.get(chunk_id).copied();
        explain.vector_rank = by_vector.get(chunk_id).copied();
        let ranks = [explain.keyword_rank, explain.vector_rank];
        let fused: f32 = ranks.into_iter().flatten().map(|rank| 1.0 / (k + rank as f32)).sum();
        explain.score = fused * factor;
    };
    for (_, hits) in bases.iter_mut() {
        for candidate in &mut hits.ranking {
            fuse(&candidate.chunk_id, candidate.factor, &mut candidate.explain);
        }
    }
}

type Ranks = HashMap<Uuid, u32>;

/// The places of the candidates that have a score, the best first, from 1.
fn ranks(bases: &[(String, Hits)], of: impl Fn(&str) -> bool, score: impl Fn(&Explain) -> Option<f32>) -> Ranks {
    let searched = bases.iter().filter(|(model, _)| of(model));
    let mut scored: Vec<(f32, Uuid)> = searched
        .flat_map(|(_, hits)| &hits.ranking)
        .filter_map(|candidate| Some((score(&candidate.explain)?, candidate.chunk_id)))
        .collect();
    scored.sort_unstable_by(|(a, a_id), (b, b_id)| b.total_cmp(a).then(a_id.cmp(b_id)));
    scored.into_iter().map(|(_, id)| id).zip(1..).collect()
}
