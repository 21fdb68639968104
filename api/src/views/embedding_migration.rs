use crate::Problem;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::embedding_migrations::{EmbeddingMigration, MigrationCounts};
use utoipa::ToSchema;
use uuid::Uuid;

/// A knowledge base's change to another index: by another embedding model, or with its vectors elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmbeddingMigration)]
pub(crate) struct EmbeddingMigrationObject {
    pub(crate) knowledge_base_id: Uuid,
    pub(crate) from_model: String,
    pub(crate) to_model: String,
    /// `embedded` or `qdrant`, as of a knowledge base.
    #[schema(example = "embedded")]
    pub(crate) from_vector_store: &'static str,
    #[schema(example = "embedded")]
    pub(crate) to_vector_store: &'static str,
    /// `embedding`: the new index is being made; `ready`: it is whole, and the old one is searched; `switched`: the new one is searched, and the old one kept;
    /// `finished`: only the new one is left; `cancelled`: only the old one.
    #[schema(example = "ready")]
    pub(crate) state: &'static str,
    /// The job that embeds.
    pub(crate) job_id: Uuid,
    /// Null once it has ended, as the next three.
    #[schema(required = true)]
    pub(crate) chunks: Option<i64>,
    /// With a vector of the new model.
    #[schema(required = true)]
    pub(crate) chunks_embedded: Option<i64>,
    /// Processes that answer searches from the index that is searched, and the vector server where the other index needs it.
    #[schema(required = true)]
    pub(crate) replicas: Option<i64>,
    /// Of these the ones that have the other index whole: all must have, before it can be switched to.
    #[schema(required = true)]
    pub(crate) replicas_ready: Option<i64>,
    /// Texts that were longer than the new model reads: their ends are in no vector of it. Ingested again after the switch, a document is cut for the new one.
    pub(crate) cut_short: i64,
    pub(crate) started_at: DateTime<Utc>,
    #[schema(required = true)]
    pub(crate) ready_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub(crate) switched_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

impl EmbeddingMigrationObject {
    pub(crate) fn of(migration: &EmbeddingMigration, counts: Option<MigrationCounts>) -> Result<Self, Problem> {
        Ok(Self {
            knowledge_base_id: migration.knowledge_base_id.0,
            from_model: migration.from_model.clone(),
            to_model: migration.to_model.clone(),
            from_vector_store: migration.from_vector_store.as_str(),
            to_vector_store: migration.to_vector_store.as_str(),
            state: migration.state()?.as_str(),
            job_id: migration.job_id.0,
            chunks: counts.map(|counts| counts.chunks),
            chunks_embedded: counts.map(|counts| counts.chunks_embedded),
            replicas: counts.map(|counts| counts.replicas),
            replicas_ready: counts.map(|counts| counts.replicas_ready),
            cut_short: migration.cut_short,
            started_at: migration.started_at,
            ready_at: migration.ready_at,
            switched_at: migration.switched_at,
            ended_at: migration.ended_at,
        })
    }
}
