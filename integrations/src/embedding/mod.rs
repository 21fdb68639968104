//! Texts and pictures to vectors.

mod bare_runtime;
mod embedder;
mod input;
mod local_embedder;
mod local_model_shape;
mod model_files;
mod remote;
mod token_counter;

/// Texts and what all-MiniLM-L6-v2 makes of them, as JSON: `[{"text", "vector"}]`. testdata/README.md says how they were made.
pub const MINILM_REFERENCES: &str = include_str!("../../testdata/minilm-golden.json");

pub use bare_runtime::bare_runtime_time;
pub use embedder::{Embedder, EmbeddingModel, EmbeddingPurpose};
pub use input::{EmbeddingImage, EmbeddingInput, ImageMeasure, InputMeasure};
pub use local_embedder::{LocalEmbedder, LocalEmbedderSettings};
pub use local_model_shape::{LocalModelShape, LocalPooling};
pub use remote::{EmbeddedInputs, EmbeddingUsage, EmbeddingVendor, ImageFault, RemoteEmbedder, RemoteModel};
