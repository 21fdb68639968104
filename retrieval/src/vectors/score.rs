use std::collections::HashMap;
use std::fmt::Debug;

use uuid::Uuid;

use crate::error::Result;

/// Where the vectors of an index are compared that a replica does not hold itself: a server that several processes share. It may be behind the
/// replica or ahead of it; what a search then names that the replica does not know is left out.
pub trait ScoreVectors: Debug + Send + Sync {
    /// Blocks until the server has answered.
    fn score(&self, query: &VectorQuery) -> Result<VectorScores>;
}

/// What the vector leg of one search asks.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorQuery {
    /// Of length 1.
    pub vector: Vec<f32>,
    /// How many chunks to propose.
    pub limit: usize,
    /// Whose chunks may be proposed.
    pub documents: DocumentScope,
    /// Of them only these chunks, where the query asks for words that must be there.
    pub chunks: Option<Vec<Uuid>>,
    /// Chunks of the other leg, which get a cosine whether or not they are proposed.
    pub also: Vec<Uuid>,
}

/// Which documents of an index a search may look at: the shorter of both lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentScope {
    All,
    Only(Vec<Uuid>),
    AllBut(Vec<Uuid>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct VectorScores {
    /// The nearest chunks, in any order.
    pub nearest: Vec<ScoredChunk>,
    /// The cosines of those that were asked for beside, by chunk; without those that the server does not have.
    pub also: HashMap<Uuid, f32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredChunk {
    pub document_id: Uuid,
    pub chunk_id: Uuid,
    pub cosine: f32,
}
