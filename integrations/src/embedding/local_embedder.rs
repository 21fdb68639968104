use super::model_files::ModelFiles;
use super::token_counter::{self, TokenCounter};
use super::{Embedder, EmbeddingModel, LocalModelShape};
use crate::IntegrationError;
use crate::local_model::batches::{Placed, batches};
use crate::local_model::{ModelFolder, SessionLane, Turn, onnx_runtime};
use async_trait::async_trait;
use fastembed::TextEmbedding;
use futures::{StreamExt, TryStreamExt, stream};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// What is tokenized of one text, at least. 256 tokens of any language take far less; the tokenizer would read all of a
/// text of megabytes to throw it away.
const TEXT_BYTES: usize = 16 * 1024;
/// What is tokenized for each token that the model reads, where that is more.
const BYTES_A_TOKEN: usize = 64;
/// A call this small is taken for a question somebody waits for.
const QUERY_TEXTS_MAX: usize = 2;
const QUERY_BYTES_MAX: usize = 1024;

/// Where the local model lies and how much of the machine it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalEmbedderSettings {
    /// Holds model.onnx, tokenizer.json, config.json, special_tokens_map.json and tokenizer_config.json.
    pub model_dir: PathBuf,
    /// `libonnxruntime.so`, version 1.24 or later. A process loads the first one it is asked for and keeps it.
    pub onnxruntime_library: PathBuf,
    /// Sessions for large calls, one thread and about 180 MB each; at least one is used. One more is kept for queries.
    pub sessions: usize,
    /// Recorded with every vector; names the weights' variant as well, since their vectors differ.
    pub model_id: String,
    pub shape: LocalModelShape,
}

impl From<LocalEmbedderSettings> for ModelFiles {
    fn from(settings: LocalEmbedderSettings) -> Self {
        Self {
            folder: ModelFolder {
                dir: settings.model_dir,
                onnxruntime_library: settings.onnxruntime_library,
                model_id: settings.model_id,
                what: "embedding model",
            },
            shape: settings.shape,
        }
    }
}

/// A model on this machine's processors, through the ONNX runtime; no network.
///
/// Sessions load when they are first needed. Large calls are cut into batches of at most eight texts that take turns on
/// `sessions` sessions, first come first served, so that calls share them evenly. A call of at most two texts and 1 KiB
/// never waits for those: it has a session of its own, and takes a free one of theirs when that is busy. Dropping the
/// future of [`Embedder::embed`] starts no further batch.
pub struct LocalEmbedder {
    model: EmbeddingModel,
    files: Arc<ModelFiles>,
    sessions: usize,
    batch_lane: SessionLane<TextEmbedding>,
    query_lane: SessionLane<TextEmbedding>,
    /// `None` inside: the tokenizer could not be read.
    token_counter: OnceLock<Option<TokenCounter>>,
}

impl LocalEmbedder {
    /// Reads nothing yet.
    pub fn new(settings: LocalEmbedderSettings) -> Self {
        let sessions = settings.sessions.max(1);
        let files = ModelFiles::from(settings);
        Self {
            model: EmbeddingModel {
                id: files.folder.model_id.clone(),
                dimensions: files.shape.dimensions,
                max_tokens: files.shape.text_tokens_max(),
            },
            files: Arc::new(files),
            sessions,
            batch_lane: SessionLane::new(sessions),
            query_lane: SessionLane::new(1),
            token_counter: OnceLock::new(),
        }
    }

    /// Fails with what an operator must do if the model cannot run here; afterwards the first query does not wait for
    /// loading.
    pub async fn warm_up(&self) -> Result<(), IntegrationError> {
        self.embed(vec!["warm up".into()]).await.map(drop)
    }

    /// Whether the model's files and the library that runs them are in their places; loads neither.
    ///
    /// # Errors
    /// [`IntegrationError::NotConfigured`] with what is missing.
    pub fn check_files(&self) -> Result<(), IntegrationError> {
        onnx_runtime::check_file(&self.files.folder.onnxruntime_library)?;
        self.files.check()
    }

    /// SHA-256 of the weights. Blocks while it reads them.
    ///
    /// # Errors
    /// [`IntegrationError::NotConfigured`] when they cannot be read.
    pub fn weights_sha256(&self) -> Result<[u8; 32], IntegrationError> {
        self.files.weights_sha256()
    }

    /// Whichever session a query may use is free first.
    async fn query_turn(&self) -> Result<Turn<TextEmbedding>, IntegrationError> {
        if let Some(turn) = self.query_lane.try_turn().or_else(|| self.batch_lane.try_turn()) {
            return Ok(turn);
        }
        tokio::select! {
            biased;
            turn = self.query_lane.turn() => turn,
            turn = self.batch_lane.turn() => turn,
        }
    }

    async fn embed_batch(&self, batch: Vec<Placed>) -> Result<Vec<(usize, Vec<f32>)>, IntegrationError> {
        let (places, texts): (Vec<usize>, Vec<String>) =
            batch.into_iter().map(|placed| (placed.place, placed.text)).unzip();
        let turn = self.batch_lane.turn().await?;
        let vectors = self.run(turn, texts).await?;
        Ok(places.into_iter().zip(vectors).collect())
    }

    /// Gives exactly one sound vector a text, or an error.
    async fn run(&self, turn: Turn<TextEmbedding>, texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        let expected = texts.len();
        let files = Arc::clone(&self.files);
        let embed = move |session: &mut TextEmbedding| session.embed(&texts, None);
        let vectors = turn.run(&self.model.id, move || files.load(), embed).await?;
        let sound =
            |vector: &Vec<f32>| vector.len() == self.model.dimensions && vector.iter().all(|number| number.is_finite());
        if vectors.len() == expected && vectors.iter().all(sound) {
            return Ok(vectors);
        }
        Err(IntegrationError::InvalidAnswer {
            system: self.model.id.clone(),
            reason: format!(
                "it did not give {expected} vectors of {} finite numbers",
                self.model.dimensions
            ),
        })
    }
}

#[async_trait]
impl Embedder for LocalEmbedder {
    fn model(&self) -> &EmbeddingModel {
        &self.model
    }

    async fn embed(&self, mut texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        for text in &mut texts {
            text.insert_str(0, &self.files.shape.passage_prefix);
        }
        self.embed_prepared(texts).await
    }

    async fn embed_query(&self, mut text: String) -> Result<Vec<f32>, IntegrationError> {
        text.insert_str(0, &self.files.shape.query_prefix);
        let vectors = self.embed_prepared(vec![text]).await?;
        vectors
            .into_iter()
            .next()
            .ok_or_else(|| IntegrationError::InvalidAnswer {
                system: self.model.id.clone(),
                reason: "it gave no vector".to_owned(),
            })
    }

    fn count_tokens(&self, text: &str) -> usize {
        let counter = self.token_counter.get_or_init(|| {
            TokenCounter::load(&self.files.tokenizer())
                .inspect_err(|error| tracing::error!(%error, "tokens are counted by an upper bound"))
                .ok()
        });
        counter
            .as_ref()
            .map_or_else(|| token_counter::upper_bound(text), |counter| counter.count(text))
    }
}

impl LocalEmbedder {
    async fn embed_prepared(&self, mut texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let bytes_max = TEXT_BYTES.max(self.files.shape.max_tokens * BYTES_A_TOKEN);
        for text in &mut texts {
            text.truncate(text.floor_char_boundary(bytes_max));
        }
        if texts.len() <= QUERY_TEXTS_MAX && texts.iter().map(String::len).sum::<usize>() <= QUERY_BYTES_MAX {
            let turn = self.query_turn().await?;
            return self.run(turn, texts).await;
        }
        let running = stream::iter(batches(texts))
            .map(|batch| self.embed_batch(batch))
            .buffer_unordered(self.sessions);
        let mut placed: Vec<(usize, Vec<f32>)> = running.try_concat().await?;
        placed.sort_unstable_by_key(|(place, _)| *place);
        Ok(placed.into_iter().map(|(_, vector)| vector).collect())
    }
}
