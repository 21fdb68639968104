use super::Versioned;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::collections::Collection;
use utoipa::ToSchema;
use uuid::Uuid;

/// Some of a knowledge base's documents, held together. A document is in one at most.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Collection)]
pub(crate) struct CollectionObject {
    pub(crate) id: Uuid,
    pub(crate) knowledge_base_id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Whatever their state; none that is being deleted.
    pub(crate) document_count: i64,
    pub(crate) created_at: DateTime<Utc>,
    /// When its name or description last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

impl Versioned for CollectionObject {
    const MOVES_BY_ITSELF: &'static [&'static str] = &["document_count"];
}

impl From<Collection> for CollectionObject {
    fn from(collection: Collection) -> Self {
        Self {
            id: collection.id.0,
            knowledge_base_id: collection.knowledge_base_id.0,
            name: collection.name,
            description: collection.description,
            document_count: collection.document_count,
            created_at: collection.created_at,
            updated_at: collection.updated_at,
        }
    }
}
