use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use store::SourceId;
use utoipa::ToSchema;

/// Deletes a source and, unless they are to stay, the documents that came from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteSource {
    pub source_id: SourceId,
    pub keep_documents: bool,
}

impl Kind for DeleteSource {
    const NAME: &'static str = "delete_source";
    const POOL: Pool = Pool::General;
}

/// What deleting did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeletedSource {
    pub documents: usize,
}
