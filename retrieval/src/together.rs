//! Several bases searched as if they were one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use crate::error::Result;
use crate::keyword::SharedStatistics;
use crate::query::{CandidateScore, Explain, Hits, Query};
use crate::replica::{Narrowed, Replica};

/// What the bases of one search have in common, so that scores of all of them compare.
#[derive(Clone, Debug)]
pub struct Together {
    pub(crate) statistics: SharedStatistics,
    /// What the query may look at in each of them, so that it is found out once.
    pub(crate) narrowed: Arc<[Narrowed]>,
}

impl Together {
    /// Looks at what the queries may look at in each base. All are one tenant's, and the queries ask for the same.
    pub fn of(bases: &[(&Replica, &Query)]) -> Result<Self> {
        let seen = bases.iter().map(|(replica, query)| replica.seen_by(&query.viewer));
        let statistics = SharedStatistics::new(seen.collect::<Result<_>>()?);
        let narrowed = bases.iter().map(|(replica, query)| {
            query.stop.check()?;
            replica.narrowed(query)
        });
        Ok(Self {
            statistics,
            narrowed: narrowed.collect::<Result<_>>()?,
        })
    }
}

/// Leaves of the rankings what one base with all the documents would rank, for bases whose scores compare through [`Together`] and by one model: each leg's best
/// `candidates` over all bases, with their places there. The bases must have been searched with `explain`, and for no hits: those are [read](Replica::read_ranked) afterwards, of the best.
pub(crate) fn rank_as_one(bases: &mut [(&str, Hits)], candidates: usize) {
    let of_keywords = ranks(bases, |_| true, by_keyword);
    let of_vectors = ranks(bases, |_| true, by_vector);
    let place = |among: &Ranks, chunk_id: &Uuid| {
        let place = among.get(chunk_id).copied();
        place.filter(|place| usize::try_from(*place).is_ok_and(|place| place <= candidates))
    };
    for (_, hits) in bases.iter_mut() {
        hits.ranking.retain_mut(|CandidateScore { chunk_id, explain, .. }| {
            explain.keyword_rank = place(&of_keywords, chunk_id);
            explain.vector_rank = place(&of_vectors, chunk_id);
            explain.keyword_rank.is_some() || explain.vector_rank.is_some()
        });
    }
}

/// Reciprocal rank fusion of all legs of all bases, for bases whose cosines do not compare: one list of the keyword leg over all, whose scores compare
/// through [`Together`], and one of the vector leg for each model. Gives each candidate of the rankings that score, times what recency asks for, and its
/// ranks in those lists; the bases, named by their models, must have been searched with `explain`, and for no hits: those are
/// [read](Replica::read_ranked) afterwards, of the best. Cormack, Clarke and Büttcher, 2009.
pub(crate) fn fuse_by_rank(bases: &mut [(&str, Hits)], k: f32) {
    let of_keywords = ranks(bases, |_| true, by_keyword);
    let mut of_vectors = Ranks::new();
    let models: BTreeSet<&str> = bases.iter().map(|(model, _)| *model).collect();
    for model in models {
        of_vectors.extend(ranks(bases, |of| of == model, by_vector));
    }
    for (_, hits) in bases.iter_mut() {
        for CandidateScore {
            chunk_id,
            factor,
            explain,
            ..
        } in &mut hits.ranking
        {
            explain.keyword_rank = of_keywords.get(chunk_id).copied();
            explain.vector_rank = of_vectors.get(chunk_id).copied();
            explain.keyword_share = None;
            explain.add_ranks(k, *factor);
        }
    }
}

/// The score by which the keyword leg proposed a candidate.
fn by_keyword(explain: &Explain) -> Option<f32> {
    explain.keyword_rank.and(explain.keyword_score)
}

fn by_vector(explain: &Explain) -> Option<f32> {
    explain.vector_rank.and(explain.cosine)
}

type Ranks = HashMap<Uuid, u32>;

/// The places of the candidates that have a score, the best first, from 1.
fn ranks(bases: &[(&str, Hits)], of: impl Fn(&str) -> bool, score: impl Fn(&Explain) -> Option<f32>) -> Ranks {
    let searched = bases.iter().filter(|(model, _)| of(model));
    let mut scored: Vec<(f32, Uuid)> = searched
        .flat_map(|(_, hits)| &hits.ranking)
        .filter_map(|candidate| Some((score(&candidate.explain)?, candidate.chunk_id)))
        .collect();
    scored.sort_unstable_by(|(a, a_id), (b, b_id)| b.total_cmp(a).then(a_id.cmp(b_id)));
    scored.into_iter().map(|(_, id)| id).zip(1..).collect()
}
