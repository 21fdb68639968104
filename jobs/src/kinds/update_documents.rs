use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::documents::DocumentState;
use store::{CollectionId, KnowledgeBaseId};
use utoipa::ToSchema;

/// Changes the metadata, the access list or the collection of documents of a base, without ingesting them again. At least one of them is given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateDocuments {
    pub knowledge_base_id: KnowledgeBaseId,
    pub which: WhichDocuments,
    /// A JSON merge patch (RFC 7396) of each one's own.
    pub metadata: Option<Value>,
    /// In the place of each one's own.
    pub acl: Option<Value>,
    pub placement: Option<Placement>,
    /// Counts, and writes nothing.
    pub dry_run: bool,
}

/// Those for which all that is given holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WhichDocuments {
    /// Any but those that are being deleted, which are never among them.
    pub state: Option<DocumentState>,
    /// With or without parameters.
    pub mime_type: Option<String>,
    /// Those that are in it.
    pub collection_id: Option<CollectionId>,
    /// Those that go by one of these.
    pub external_ids: Option<Vec<String>>,
    /// Those that go by something which begins so.
    pub external_id_prefix: Option<String>,
}

/// Where documents are put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Into this collection of the base.
    In(CollectionId),
    /// Out of the one that each is in.
    Out,
}

impl Placement {
    #[must_use]
    pub fn collection(self) -> Option<CollectionId> {
        match self {
            Self::In(collection) => Some(collection),
            Self::Out => None,
        }
    }
}

impl Kind for UpdateDocuments {
    const NAME: &'static str = "update_documents";
    const POOL: Pool = Pool::General;
}

/// What came of it, in the last attempt: what one before it has changed is unchanged, and what it has put elsewhere may not be among the documents any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdatedDocuments {
    /// Nothing was written: the numbers say what would have been done.
    pub dry_run: bool,
    /// Documents that were changed.
    pub changed: usize,
    /// Documents that were so already.
    pub unchanged: usize,
    /// Documents that were left alone because they come from a source, which says what they have.
    pub of_sources: usize,
    /// Documents that were left alone because their metadata would be larger than it may be.
    pub too_large: usize,
    /// Documents that were left alone because they have been submitted since the job was made.
    pub skipped: usize,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn out_of_a_collection_is_told_from_left_where_it_is() {
        let job = |placement| UpdateDocuments {
            knowledge_base_id: KnowledgeBaseId::generate(),
            which: WhichDocuments::default(),
            metadata: None,
            acl: None,
            placement,
            dry_run: false,
        };
        let collection = CollectionId::generate();
        for placement in [None, Some(Placement::Out), Some(Placement::In(collection))] {
            let stored = serde_json::to_value(job(placement)).unwrap();
            let read: UpdateDocuments = serde_json::from_value(stored).unwrap();
            assert_eq!(read.placement, placement);
        }
        assert_eq!(Placement::Out.collection(), None);
        assert_eq!(Placement::In(collection).collection(), Some(collection));
    }
}
