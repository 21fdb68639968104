//! The vector leg: exact cosine over every permitted chunk.

mod dot;
mod file;
mod flat;

pub(crate) use dot::normalised;
pub(crate) use file::VectorFile;
pub(crate) use flat::FlatVectors;
