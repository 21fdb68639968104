use std::collections::HashMap;
use std::sync::RwLockReadGuard;

use uuid::Uuid;

use super::state::{Replica, State};
use crate::allowed::Allowed;
use crate::documents::{ChunkRef, Documents};
use crate::error::Result;
use crate::query::Mode;
use crate::stop::Stop;
use crate::top::Ranked;
use crate::vectors::{ScoredChunk, VectorQuery};

/// What the vector leg says: which chunks it proposes, the best first, and where other chunks get their cosine.
#[derive(Default)]
pub(super) struct VectorLeg {
    pub(super) proposed: Vec<Ranked>,
    /// `None`: from the replica's own vectors.
    elsewhere: Option<HashMap<Uuid, f32>>,
}

/// What the vector leg is asked.
pub(super) struct VectorAsk<'a> {
    pub(super) mode: Mode,
    /// Of length 1; `None` when the leg does not run.
    pub(super) vector: Option<&'a [f32]>,
    pub(super) limit: usize,
    pub(super) allowed: &'a Allowed,
    pub(super) by_keyword: &'a [Ranked],
    pub(super) stop: &'a Stop,
}

impl VectorLeg {
    /// Runs the leg. A server is asked without the state being locked, so that changes do not wait for it; the state that comes back may be a later one.
    pub(super) fn run<'a>(
        replica: &'a Replica,
        state: RwLockReadGuard<'a, State>,
        ask: &VectorAsk<'_>,
    ) -> Result<(RwLockReadGuard<'a, State>, Self)> {
        let Some(vector) = ask.vector else {
            return Ok((state, Self::default()));
        };
        let Some(server) = replica.options.served.clone() else {
            let proposed = state
                .vectors
                .nearest(vector, ask.allowed, ask.limit, &state.documents, ask.stop)?;
            let leg = Self {
                proposed,
                elsewhere: None,
            };
            return Ok((state, leg));
        };
        let query = VectorQuery {
            vector: vector.to_vec(),
            limit: ask.limit,
            documents: ask.allowed.scope(&state.documents),
            chunks: ask.allowed.chunk_ids(&state.documents),
            also: match ask.mode {
                Mode::Hybrid => ask.by_keyword.iter().map(|ranked| ranked.key.chunk_id).collect(),
                Mode::Keyword | Mode::Vector => Vec::new(),
            },
        };
        drop(state);
        let scores = server.score(&query)?;
        ask.stop.check()?;
        let state = replica.read()?;
        let known = scores
            .nearest
            .iter()
            .filter_map(|scored| ranked(scored, ask.allowed, &state.documents));
        let mut proposed: Vec<Ranked> = known.collect();
        proposed.sort_unstable_by(|a, b| b.cmp(a));
        let leg = Self {
            proposed,
            elsewhere: Some(scores.also),
        };
        Ok((state, leg))
    }

    /// The cosine of a chunk that the leg did not propose; 0 for one that has no vector where vectors are.
    pub(super) fn cosine(&self, state: &State, chunk: ChunkRef, chunk_id: Uuid, query: &[f32]) -> f32 {
        match &self.elsewhere {
            Some(cosines) => cosines.get(&chunk_id).copied().unwrap_or_default(),
            None => {
                let row = state.documents.row(chunk);
                row.map_or(0.0, |row| state.vectors.cosine(row, query))
            }
        }
    }
}

/// A chunk that the server named, if the replica knows it and the query may see it.
fn ranked(scored: &ScoredChunk, allowed: &Allowed, documents: &Documents) -> Option<Ranked> {
    let chunk = documents.find(scored.document_id, scored.chunk_id)?;
    if !allowed.contains(chunk) || !scored.cosine.is_finite() {
        return None;
    }
    Some(Ranked {
        score: scored.cosine,
        key: documents.key(chunk)?,
        chunk,
    })
}
