//! Models behind somebody else's API.
//!
//! A call has two halves, so that the caller can look at the exchange in between: [`RemoteEmbedder::send`] and [`RemoteEmbedder::read`].

mod batch;
mod cohere;
mod embedder;
mod gemini;
mod images;
mod model;
mod openai;
mod usage;
mod vectors;
mod vendor;
mod voyage;

pub use embedder::{EmbeddedInputs, RemoteEmbedder};
pub use images::ImageFault;
pub use model::{EmbeddingVendor, RemoteModel};
pub use usage::EmbeddingUsage;
