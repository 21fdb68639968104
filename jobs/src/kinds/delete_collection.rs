use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use store::CollectionId;
use utoipa::ToSchema;

/// Deletes a collection and, unless they are to stay, the documents in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteCollection {
    pub collection_id: CollectionId,
    pub keep_documents: bool,
}

impl Kind for DeleteCollection {
    const NAME: &'static str = "delete_collection";
    const POOL: Pool = Pool::General;
}

/// What deleting did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeletedCollection {
    /// Deleted, or taken out and kept, by the last attempt.
    pub documents: usize,
}
