use super::local_model_shape::{LocalModelShape, LocalPooling};
use super::onnx_runtime;
use crate::IntegrationError;
use fastembed::{InitOptionsUserDefined, Pooling, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A folder with `model.onnx` and the four tokenizer files, as sentence-transformers lays them out.
#[derive(Clone, Debug)]
pub(super) struct ModelFiles {
    pub(super) dir: PathBuf,
    pub(super) onnxruntime_library: PathBuf,
    /// Names the model in errors.
    pub(super) model_id: String,
    pub(super) shape: LocalModelShape,
}

impl ModelFiles {
    pub(super) fn tokenizer(&self) -> PathBuf {
        self.dir.join("tokenizer.json")
    }

    /// Fails if a file is missing or the model is of another size, before the weights are read.
    pub(super) fn check(&self) -> Result<(), IntegrationError> {
        for name in [
            "model.onnx",
            "tokenizer.json",
            "config.json",
            "special_tokens_map.json",
            "tokenizer_config.json",
        ] {
            if !self.dir.join(name).is_file() {
                return Err(self.not_configured(&format!("{name} is missing there")));
            }
        }
        let config: serde_json::Value = serde_json::from_slice(&self.read("config.json")?)
            .map_err(|error| self.not_configured(&format!("config.json is not JSON: {error}")))?;
        let hidden_size = config.get("hidden_size").and_then(serde_json::Value::as_u64);
        if hidden_size != Some(self.shape.dimensions as u64) {
            let problem = format!(
                "config.json has hidden_size {hidden_size:?} where {} was expected",
                self.shape.dimensions
            );
            return Err(self.not_configured(&problem));
        }
        Ok(())
    }

    /// Of the weights: two folders with different ones give vectors that do not compare. Reads them all, and blocks.
    pub(super) fn weights_sha256(&self) -> Result<[u8; 32], IntegrationError> {
        Ok(Sha256::digest(self.read("model.onnx")?).into())
    }

    /// A session of its own, for one thread. Takes about half a second and 180 MB, and blocks.
    ///
    /// The pooling is always said, since fastembed's default is the `[CLS]` vector; fastembed divides each vector by its length.
    pub(super) fn load(&self) -> Result<TextEmbedding, IntegrationError> {
        let started = std::time::Instant::now();
        self.check()?;
        let environment = onnx_runtime::environment(&self.onnxruntime_library)?;
        // One thread a session: the sessions are the parallelism. Threads of rayon's would compete with them.
        tokenizers::utils::parallelism::set_parallelism(false);
        let tokenizer_files = TokenizerFiles {
            tokenizer_file: self.read("tokenizer.json")?,
            config_file: self.read("config.json")?,
            special_tokens_map_file: self.read("special_tokens_map.json")?,
            tokenizer_config_file: self.read("tokenizer_config.json")?,
        };
        let pooling = match self.shape.pooling {
            LocalPooling::Mean => Pooling::Mean,
            LocalPooling::Cls => Pooling::Cls,
        };
        let model = UserDefinedEmbeddingModel::new(self.read("model.onnx")?, tokenizer_files).with_pooling(pooling);
        let options = InitOptionsUserDefined::new()
            .with_environment(environment)
            .with_max_length(self.shape.max_tokens)
            .with_intra_threads(1)
            .with_session_config("session.intra_op.allow_spinning", "0");
        let session = TextEmbedding::try_new_from_user_defined(model, options)
            .map_err(|error| self.not_configured(&format!("the model cannot be loaded: {error}")))?;
        tracing::info!(model = %self.model_id, took_ms = started.elapsed().as_millis() as u64, "embedding session loaded");
        Ok(session)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, IntegrationError> {
        std::fs::read(self.dir.join(name))
            .map_err(|error| self.not_configured(&format!("{name} cannot be read: {error}")))
    }

    fn not_configured(&self, problem: &str) -> IntegrationError {
        IntegrationError::NotConfigured {
            system: self.model_id.clone(),
            what_to_do: what_to_do(&self.dir, problem),
        }
    }
}

fn what_to_do(dir: &Path, problem: &str) -> String {
    format!(
        "put the embedding model's files into {} (`./dev tools` fetches them) or set models.dir; {problem}",
        dir.display()
    )
}
