use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use store::{DocumentId, KnowledgeBaseId};
use utoipa::ToSchema;

/// Deletes a document: its row, bytes, chunks and vectors, and then from every replica.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteDocument {
    pub knowledge_base_id: KnowledgeBaseId,
    pub document_id: DocumentId,
}

impl Kind for DeleteDocument {
    const NAME: &'static str = "delete_document";
    const POOL: Pool = Pool::General;
}

/// What deleting did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeletedDocument {
    pub deleted: bool,
    /// The knowledge base's change number from which on searches no longer see it.
    pub index_seq: Option<i64>,
}
