use crate::parser::Parser;
use crate::{Budgets, EmbeddingModels, Replicas, Rerankers};
use config::Settings;
use integrations::embedding::Embedder;
use integrations::http::GuardedClient;
use jobs::Queue;
use std::sync::Arc;
use store::{Store, System};

/// What every handler may use; cheap to clone.
#[derive(Clone)]
pub struct Context {
    pub store: Store,
    pub system: System,
    pub queue: Queue,
    /// The local model that answers and checks compare sentences by.
    pub embedder: Arc<dyn Embedder>,
    /// Those that knowledge bases are embedded with.
    pub models: EmbeddingModels,
    /// Those that order what searches find.
    pub rerankers: Rerankers,
    pub parser: Parser,
    pub http: GuardedClient,
    pub replicas: Replicas,
    pub budgets: Budgets,
    pub settings: Arc<Settings>,
}
