//! Texts to vectors.

mod bare_runtime;
mod batches;
mod embedder;
mod local_embedder;
mod model_files;
mod onnx_runtime;
mod session_lane;
mod token_counter;

pub use bare_runtime::bare_runtime_time;
pub use embedder::{Embedder, EmbeddingModel};
pub use local_embedder::{LocalEmbedder, LocalEmbedderSettings};
