use super::Reranker;
use crate::IntegrationError;
use crate::local_model::batches::{Placed, batches};
use crate::local_model::{ModelFolder, SessionLane, onnx_runtime};
use async_trait::async_trait;
use fastembed::{RerankInitOptionsUserDefined, TextRerank, UserDefinedRerankingModel};
use futures::{StreamExt, TryStreamExt, stream};
use std::path::PathBuf;
use std::sync::Arc;

/// What is tokenized of a passage for each token that the model reads: the tokenizer would read all of it to throw the rest away.
const BYTES_A_TOKEN: usize = 64;

/// Where a local cross-encoder lies and how much of the machine it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalRerankerSettings {
    /// Holds model.onnx with one output `logits` of one number a pair, tokenizer.json, config.json, special_tokens_map.json and
    /// tokenizer_config.json.
    pub model_dir: PathBuf,
    /// `libonnxruntime.so`, version 1.24 or later. A process loads the first one it is asked for and keeps it.
    pub onnxruntime_library: PathBuf,
    /// Sessions, one thread each; at least one is used.
    pub sessions: usize,
    pub model_id: String,
    /// What the model reads of query and passage together, `[CLS]` and both `[SEP]` included.
    pub max_tokens: usize,
}

/// A cross-encoder on this machine's processors, through the ONNX runtime; no network.
///
/// Sessions load when they are first needed, at most `sessions` of them. Passages are cut into small batches of like length that take turns on them,
/// first come first served. Dropping the future starts no further batch.
pub struct LocalReranker {
    files: Arc<ModelFolder>,
    sessions: usize,
    max_tokens: usize,
    lane: SessionLane<TextRerank>,
}

impl LocalReranker {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(settings: LocalRerankerSettings) -> Self {
        let sessions = settings.sessions.max(1);
        Self {
            files: Arc::new(ModelFolder {
                dir: settings.model_dir,
                onnxruntime_library: settings.onnxruntime_library,
                model_id: settings.model_id,
                what: "reranker",
            }),
            sessions,
            max_tokens: settings.max_tokens,
            lane: SessionLane::new(sessions),
        }
    }

    /// Whether the model's files and the library that runs them are in their places; loads neither.
    ///
    /// # Errors
    /// [`IntegrationError::NotConfigured`] with what is missing.
    pub fn check_files(&self) -> Result<(), IntegrationError> {
        onnx_runtime::check_file(&self.files.onnxruntime_library)?;
        check(&self.files)
    }

    async fn score_batch(&self, query: &str, batch: Vec<Placed>) -> Result<Vec<(usize, f32)>, IntegrationError> {
        let (places, passages): (Vec<usize>, Vec<String>) =
            batch.into_iter().map(|placed| (placed.place, placed.text)).unzip();
        let turn = self.lane.turn().await?;
        let (files, max_tokens, query) = (Arc::clone(&self.files), self.max_tokens, query.to_owned());
        let expected = passages.len();
        let score = move |session: &mut TextRerank| session.rerank(query, passages, false, Some(expected));
        let mut scored = turn
            .run(&self.files.model_id, move || load(&files, max_tokens), score)
            .await?;
        scored.sort_by_key(|one| one.index);
        if scored.len() != expected || scored.iter().any(|one| !one.score.is_finite()) {
            return Err(IntegrationError::InvalidAnswer {
                system: self.files.model_id.clone(),
                reason: format!("it did not give {expected} finite scores"),
            });
        }
        let scores = scored.into_iter().map(|one| logistic(one.score));
        Ok(places.into_iter().zip(scores).collect())
    }
}

#[async_trait]
impl Reranker for LocalReranker {
    fn name(&self) -> &str {
        &self.files.model_id
    }

    async fn rerank(&self, query: &str, mut passages: Vec<String>) -> Result<Vec<f32>, IntegrationError> {
        let bytes_max = self.max_tokens.saturating_mul(BYTES_A_TOKEN);
        for passage in &mut passages {
            passage.truncate(passage.floor_char_boundary(bytes_max));
        }
        let query = query.get(..query.floor_char_boundary(bytes_max)).unwrap_or_default();
        let running = stream::iter(batches(passages))
            .map(|batch| self.score_batch(query, batch))
            .buffer_unordered(self.sessions);
        let mut placed: Vec<(usize, f32)> = running.try_concat().await?;
        placed.sort_unstable_by_key(|(place, _)| *place);
        Ok(placed.into_iter().map(|(_, score)| score).collect())
    }
}

/// A number of any size, as one between 0 and 1 that keeps the order: what the model was trained to make of it.
fn logistic(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Fails if a file is missing or the model gives more than one number a pair, before the weights are read.
fn check(files: &ModelFolder) -> Result<(), IntegrationError> {
    let config = files.config()?;
    let labels = config.get("id2label").and_then(serde_json::Value::as_object);
    match labels.map(serde_json::Map::len) {
        None | Some(1) => Ok(()),
        Some(count) => Err(files.not_configured(&format!(
            "config.json names {count} labels: that is a classifier, where one score was expected"
        ))),
    }
}

/// A session of its own, for one thread. Blocks.
fn load(files: &ModelFolder, max_tokens: usize) -> Result<TextRerank, IntegrationError> {
    let started = std::time::Instant::now();
    check(files)?;
    let model = UserDefinedRerankingModel::new(files.read("model.onnx")?, files.tokenizer_files()?);
    let options = RerankInitOptionsUserDefined::new()
        .with_environment(files.environment()?)
        .with_max_length(max_tokens)
        .with_intra_threads(1)
        .with_session_config("session.intra_op.allow_spinning", "0");
    let session = TextRerank::try_new_from_user_defined(model, options)
        .map_err(|error| files.not_configured(&format!("the model cannot be loaded: {error}")))?;
    tracing::info!(model = %files.model_id, took_ms = started.elapsed().as_millis() as u64, "reranking session loaded");
    Ok(session)
}
