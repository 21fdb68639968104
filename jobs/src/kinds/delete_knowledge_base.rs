use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use store::KnowledgeBaseId;
use utoipa::ToSchema;

/// Deletes a knowledge base and everything in it, a batch of documents at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteKnowledgeBase {
    pub knowledge_base_id: KnowledgeBaseId,
}

impl Kind for DeleteKnowledgeBase {
    const NAME: &'static str = "delete_knowledge_base";
    const POOL: Pool = Pool::General;
}

/// What deleting did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeletedKnowledgeBase {
    pub documents: usize,
}
