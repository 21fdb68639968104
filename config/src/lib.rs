//! Settings: compiled-in defaults, a file, the environment; validated as a whole before anything starts.
//!
//! Nothing else in the workspace reads the environment. [`Settings`] prints without its secrets.
mod database;
mod deletion;
mod dispatch;
mod embedding_models;
mod error;
mod governor;
mod load;
mod logging;
mod models;
mod outgoing;
mod parser;
mod qdrant;
mod rate_limits;
mod recognition;
mod redis;
mod requirements;
mod rerankers;
mod retrieval;
mod secrets;
mod sections;
mod server;
mod settings;
mod storage;
mod webhooks;
mod workers;

pub use self::database::DatabaseSettings;
pub use self::deletion::DeletionSettings;
pub use self::dispatch::{DispatchBackend, DispatchSettings};
pub use self::embedding_models::{EmbeddingModelSettings, EmbeddingProvider, ModelFile, ModelPooling};
pub use self::error::{ConfigError, ConfigErrors};
pub use self::governor::{GovernorSettings, InstallationBudget};
pub use self::logging::{LogFormat, LogSettings, TelemetrySettings};
pub use self::models::{ModelSettings, ProviderSettings};
pub use self::outgoing::OutgoingSettings;
pub use self::parser::ParserSettings;
pub use self::qdrant::QdrantSettings;
pub use self::rate_limits::{RateLimitSettings, RateTier};
pub use self::recognition::{RecognitionMode, RecognitionSettings};
pub use self::redis::RedisSettings;
pub use self::requirements::Requirement;
pub use self::rerankers::{RerankProvider, RerankerSettings};
pub use self::retrieval::{FusionMethod, RetrievalSettings};
pub use self::secrets::SecretSettings;
pub use self::server::ServerSettings;
pub use self::settings::{DiagnosticsSettings, Settings};
pub use self::storage::StorageSettings;
pub use self::webhooks::WebhookSettings;
pub use self::workers::WorkerSettings;
pub use secrecy::{ExposeSecret, SecretSlice, SecretString};

/// The commented defaults.
pub const DEFAULT_TOML: &str = include_str!("../default.toml");
