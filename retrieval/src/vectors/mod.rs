//! The vector leg: exact cosine over every permitted chunk here, or the answer of a server that holds the vectors.

mod dot;
mod file;
mod flat;
mod score;
mod unit;
pub(crate) use file::VectorFile;
pub(crate) use flat::FlatVectors;
pub use score::{DocumentScope, ScoreVectors, ScoredChunk, VectorQuery, VectorScores};
pub(crate) use unit::{halved, normalised};
