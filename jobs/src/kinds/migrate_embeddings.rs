use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use store::KnowledgeBaseId;
use utoipa::ToSchema;

/// Embeds what a knowledge base has with another model, beside the vectors that are searched.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MigrateEmbeddings {
    pub knowledge_base_id: KnowledgeBaseId,
    /// Of the index that is to be built.
    pub generation: i32,
    pub embedding_model: String,
}

impl Kind for MigrateEmbeddings {
    const NAME: &'static str = "migrate_embeddings";
    // Where models and keys of providers are.
    const POOL: Pool = Pool::Ingest;
    const STEPS: &'static [&'static str] = &["embed", "verify"];
}

/// What embedding came to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MigratedEmbeddings {
    /// Texts and pictures that were embedded, in the last attempt.
    pub embedded: usize,
    /// Texts that were longer than the model reads, in the last attempt: their ends are in no vector.
    pub cut_short: usize,
    /// The migration was given up meanwhile, or its base deleted.
    pub superseded: bool,
}

/// Deletes the vectors of an index that a knowledge base does not have any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DropEmbeddings {
    pub knowledge_base_id: KnowledgeBaseId,
    pub embedding_model: String,
}

impl Kind for DropEmbeddings {
    const NAME: &'static str = "drop_embeddings";
    const POOL: Pool = Pool::General;
}

/// What deleting came to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DroppedEmbeddings {
    /// Vectors that were deleted, in the last attempt. Those that another base of the tenant needs stay.
    pub vectors: usize,
}
