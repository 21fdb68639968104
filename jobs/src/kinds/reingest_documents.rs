use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use store::{CollectionId, KnowledgeBaseId, SourceId};
use utoipa::ToSchema;

/// Submits documents of a base for ingestion once more, although nothing of them has changed. Each is ingested by a job of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReingestDocuments {
    pub knowledge_base_id: KnowledgeBaseId,
    /// Those in this state only; otherwise those that are ready and those that failed.
    pub state: Option<ReingestState>,
    /// With or without parameters.
    pub mime_type: Option<String>,
    /// Those that come from it.
    pub source_id: Option<SourceId>,
    /// Those that are in it.
    #[serde(default)]
    pub collection_id: Option<CollectionId>,
}

/// What became of a document's last submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReingestState {
    Ready,
    Failed,
}

impl ReingestState {
    pub const ALL: [Self; 2] = [Self::Ready, Self::Failed];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

impl Kind for ReingestDocuments {
    const NAME: &'static str = "reingest_documents";
    const POOL: Pool = Pool::General;
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReingestedDocuments {
    /// Documents that were submitted once more, in the last attempt.
    pub submitted: usize,
    /// Documents that wait to be ingested anyway, or have been submitted since the job was made.
    pub skipped: usize,
}
