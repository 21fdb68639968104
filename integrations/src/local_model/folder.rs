use super::onnx_runtime;
use crate::IntegrationError;
use fastembed::TokenizerFiles;
use ort::environment::Environment;
use std::path::PathBuf;

/// What a folder must hold, as sentence-transformers lays it out.
const FILES: [&str; 5] = [
    "model.onnx",
    "tokenizer.json",
    "config.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
];

/// A folder with `model.onnx` and the four tokenizer files.
#[derive(Clone, Debug)]
pub(crate) struct ModelFolder {
    pub(crate) dir: PathBuf,
    pub(crate) onnxruntime_library: PathBuf,
    /// Names the model in errors.
    pub(crate) model_id: String,
    /// What it is, for people: `embedding model`.
    pub(crate) what: &'static str,
}

impl ModelFolder {
    /// The folder's config.json, when all files are in their places. Reads no weights.
    pub(crate) fn config(&self) -> Result<serde_json::Value, IntegrationError> {
        for name in FILES {
            if !self.dir.join(name).is_file() {
                return Err(self.not_configured(&format!("{name} is missing there")));
            }
        }
        serde_json::from_slice(&self.read("config.json")?)
            .map_err(|error| self.not_configured(&format!("config.json is not JSON: {error}")))
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, IntegrationError> {
        std::fs::read(self.dir.join(name))
            .map_err(|error| self.not_configured(&format!("{name} cannot be read: {error}")))
    }

    pub(crate) fn tokenizer_files(&self) -> Result<TokenizerFiles, IntegrationError> {
        Ok(TokenizerFiles {
            tokenizer_file: self.read("tokenizer.json")?,
            config_file: self.read("config.json")?,
            special_tokens_map_file: self.read("special_tokens_map.json")?,
            tokenizer_config_file: self.read("tokenizer_config.json")?,
        })
    }

    /// The runtime that its sessions run in, each on one thread: the sessions are the parallelism. Threads of rayon's would compete with them.
    pub(crate) fn environment(&self) -> Result<Environment, IntegrationError> {
        let environment = onnx_runtime::environment(&self.onnxruntime_library)?;
        tokenizers::utils::parallelism::set_parallelism(false);
        Ok(environment)
    }

    pub(crate) fn not_configured(&self, problem: &str) -> IntegrationError {
        IntegrationError::NotConfigured {
            system: self.model_id.clone(),
            what_to_do: format!(
                "put the {}'s files into {} (`./dev tools` fetches those of the default) or set models.dir; {problem}",
                self.what,
                self.dir.display()
            ),
        }
    }
}
