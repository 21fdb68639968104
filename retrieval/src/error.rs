use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

pub type Result<T> = std::result::Result<T, Error>;

/// Why a replica could not be opened, changed or searched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("the keyword index failed: {0}")]
    Keyword(#[from] tantivy::TantivyError),
    /// Another handle, in this process or another, has the directory open.
    #[error("{} is in use by another replica", .0.display())]
    Locked(PathBuf),
    #[error("every one of the {tried} replica slots under {} is taken", .root.display())]
    NoFreeSlot { root: PathBuf, tried: u32 },
    #[error("a replica needs vectors of 1 to {max} dimensions, not {given}")]
    Dimensions { given: usize, max: usize },
    #[error("the vector of chunk {chunk_id} has {actual} dimensions, this base has {expected}")]
    ChunkVectorLength {
        chunk_id: Uuid,
        expected: usize,
        actual: usize,
    },
    #[error("the vector of chunk {chunk_id} holds a value that is not finite")]
    ChunkVectorNotFinite { chunk_id: Uuid },
    #[error("a {mode} search needs the query's vector")]
    MissingQueryVector { mode: &'static str },
    #[error("the query's vector has {actual} dimensions, this base has {expected}")]
    QueryVectorLength { expected: usize, actual: usize },
    #[error("the query's vector holds a value that is not finite")]
    QueryVectorNotFinite,
    /// Changes are applied in order; an older cursor means that the caller lost its place.
    #[error("the replica stands at cursor {current}, changes up to {given} are older")]
    CursorBehind { current: u64, given: u64 },
    /// An earlier change failed half-way: both legs may differ. Opening the directory again rebuilds it.
    #[error("the replica failed while changing and must be opened again, which rebuilds it")]
    Broken,
    #[error("the replica was closed")]
    Closed,
    #[error("the search is no longer wanted")]
    Unwanted,
    #[error("the search took longer than it may")]
    TooCostly,
    /// Boxed, because it is large.
    #[error("the vector server failed: {0}")]
    VectorServer(Box<qdrant_client::QdrantError>),
    #[error("the vector server has lost the collection")]
    CollectionGone,
}

impl From<qdrant_client::QdrantError> for Error {
    fn from(error: qdrant_client::QdrantError) -> Self {
        Self::VectorServer(Box::new(error))
    }
}

impl Error {
    /// Whether it was the server that has the vectors.
    pub fn is_of_vector_server(&self) -> bool {
        matches!(self, Self::VectorServer(_) | Self::CollectionGone)
    }

    /// For `map_err`: keeps the path that failed beside its cause.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
