use super::{SearchSettingsObject, Versioned};
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::knowledge_bases::KnowledgeBase;
use utoipa::ToSchema;
use uuid::Uuid;

/// A knowledge base.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeBase)]
pub(crate) struct KnowledgeBaseObject {
    pub(crate) id: Uuid,
    /// Unique within the tenant.
    pub(crate) name: String,
    /// ISO 639-1; decides how keywords are analysed.
    #[schema(example = "en")]
    pub(crate) language: String,
    pub(crate) embedding_model: String,
    /// Where searches compare vectors: `embedded`, in the workers, or `qdrant`, on the installation's server.
    #[schema(example = "embedded")]
    pub(crate) vector_store: &'static str,
    pub(crate) search: SearchSettingsObject,
    pub(crate) created_at: DateTime<Utc>,
}

impl Versioned for KnowledgeBaseObject {}

impl From<KnowledgeBase> for KnowledgeBaseObject {
    fn from(base: KnowledgeBase) -> Self {
        Self {
            id: base.id.0,
            name: base.name,
            language: base.language,
            embedding_model: base.embedding_model,
            vector_store: base.vector_store.as_str(),
            search: base.search.into(),
            created_at: base.created_at,
        }
    }
}
