use std::sync::Arc;

use crate::error::{Error, Result};
use crate::language::Language;
use crate::vectors::ScoreVectors;

/// Beyond any embedding model in use.
const MAX_DIMENSIONS: usize = 16_384;

/// What a replica is built for. A directory built for another language, model, number of dimensions or place of its vectors is rebuilt.
#[derive(Clone, Debug)]
pub struct ReplicaOptions {
    pub language: Language,
    /// The embedding model's id, with its quantisation; never interpreted, only compared.
    pub model: String,
    pub dimensions: usize,
    /// What one `apply` may use to build the keyword index before it spills to disk; at least 15 MB.
    pub writer_memory_bytes: usize,
    /// Who has the vectors; `None`: the replica itself.
    pub served: Option<Arc<dyn ScoreVectors>>,
}

impl ReplicaOptions {
    pub fn new(language: Language, model: impl Into<String>, dimensions: usize) -> Self {
        Self {
            language,
            model: model.into(),
            dimensions,
            writer_memory_bytes: 15_000_000,
            served: None,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if (1..=MAX_DIMENSIONS).contains(&self.dimensions) {
            return Ok(());
        }
        Err(Error::Dimensions {
            given: self.dimensions,
            max: MAX_DIMENSIONS,
        })
    }
}
