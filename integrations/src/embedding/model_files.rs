use super::local_model_shape::{LocalModelShape, LocalPooling};
use crate::IntegrationError;
use crate::local_model::ModelFolder;
use fastembed::{InitOptionsUserDefined, Pooling, TextEmbedding, UserDefinedEmbeddingModel};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// A folder with an embedding model.
#[derive(Clone, Debug)]
pub(super) struct ModelFiles {
    pub(super) folder: ModelFolder,
    pub(super) shape: LocalModelShape,
}

impl ModelFiles {
    pub(super) fn tokenizer(&self) -> PathBuf {
        self.folder.dir.join("tokenizer.json")
    }

    /// Fails if a file is missing or the model is of another size, before the weights are read.
    pub(super) fn check(&self) -> Result<(), IntegrationError> {
        let config = self.folder.config()?;
        let hidden_size = config.get("hidden_size").and_then(serde_json::Value::as_u64);
        if hidden_size != Some(self.shape.dimensions as u64) {
            let problem = format!(
                "config.json has hidden_size {hidden_size:?} where {} was expected",
                self.shape.dimensions
            );
            return Err(self.folder.not_configured(&problem));
        }
        Ok(())
    }

    /// Of the weights: two folders with different ones give vectors that do not compare. Reads them all, and blocks.
    pub(super) fn weights_sha256(&self) -> Result<[u8; 32], IntegrationError> {
        Ok(Sha256::digest(self.folder.read("model.onnx")?).into())
    }

    /// A session of its own, for one thread. Takes about half a second and 180 MB, and blocks.
    ///
    /// The pooling is always said, since fastembed's default is the `[CLS]` vector; fastembed divides each vector by its length.
    pub(super) fn load(&self) -> Result<TextEmbedding, IntegrationError> {
        let started = std::time::Instant::now();
        self.check()?;
        let pooling = match self.shape.pooling {
            LocalPooling::Mean => Pooling::Mean,
            LocalPooling::Cls => Pooling::Cls,
        };
        let (weights, tokenizer) = (self.folder.read("model.onnx")?, self.folder.tokenizer_files()?);
        let model = UserDefinedEmbeddingModel::new(weights, tokenizer).with_pooling(pooling);
        let options = InitOptionsUserDefined::new()
            .with_environment(self.folder.environment()?)
            .with_max_length(self.shape.max_tokens)
            .with_intra_threads(1)
            .with_session_config("session.intra_op.allow_spinning", "0");
        let session = TextEmbedding::try_new_from_user_defined(model, options).map_err(|error| {
            self.folder
                .not_configured(&format!("the model cannot be loaded: {error}"))
        })?;
        tracing::info!(model = %self.folder.model_id, took_ms = started.elapsed().as_millis() as u64, "embedding session loaded");
        Ok(session)
    }
}
