use crate::error::Problems;
use serde::Deserialize;
use std::path::PathBuf;

/// The local embedding model and the library that runs it; loaded when first used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// Holds one folder a model, named as in `embedding`.
    pub dir: PathBuf,
    /// `libonnxruntime.so`, version 1.24 or later.
    pub onnxruntime: PathBuf,
    pub embedding: String,
    pub sessions: usize,
}

impl ModelSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        let plain =
            !self.embedding.is_empty() && !self.embedding.contains(['/', '\\']) && !self.embedding.starts_with('.');
        problems.check(plain, "models.embedding", "must be the name of a folder in models.dir");
        problems.check((1..=64).contains(&self.sessions), "models.sessions", "must be 1 to 64");
    }
}
