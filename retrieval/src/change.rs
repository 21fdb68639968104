use serde_json::Value;
use uuid::Uuid;

use crate::acl::Acl;
use crate::facts::Facts;

/// Where a copy stands in its base's change log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The number of the last change that it holds; 0 for none.
    pub seq: u64,
    /// Who counted the changes: a base that was restored to an earlier point gives numbers once more, in another era. `None` of those that were counted without one.
    pub era: Option<Uuid>,
}

impl From<u64> for Place {
    fn from(seq: u64) -> Self {
        Self { seq, era: None }
    }
}

/// One step of a base's change log.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "most are upserts, and all are short-lived")]
pub enum DocumentChange {
    /// Puts the document as given in the place of whatever the replica had under its id.
    Upsert(IndexedDocument),
    /// Removes the document; an unknown id is not an error.
    Delete(Uuid),
    /// Removes the document, which is there still and not to be found: what is left of it on the disk may stay there until it is deleted.
    Hide(Uuid),
}

impl DocumentChange {
    pub fn document_id(&self) -> Uuid {
        match self {
            Self::Upsert(document) => document.document_id,
            Self::Delete(document_id) | Self::Hide(document_id) => *document_id,
        }
    }
}

/// A document with everything a search needs to find, filter and show it.
#[derive(Clone, Debug)]
pub struct IndexedDocument {
    pub document_id: Uuid,
    pub title: String,
    /// What [`crate::Filter`] looks at; anything but an object has no fields.
    pub metadata: Value,
    pub facts: Facts,
    pub acl: Acl,
    pub chunks: Vec<IndexedChunk>,
}

#[derive(Clone, Debug)]
pub struct IndexedChunk {
    pub chunk_id: Uuid,
    /// Place in the document, counted from 0.
    pub ordinal: u32,
    pub headings: Vec<String>,
    /// What a hit shows.
    pub text: String,
    /// What the keyword leg indexes and what was embedded: title, headings and text.
    pub embed_text: String,
    /// As many values as the replica has dimensions, all finite. Scaled to length 1 on arrival.
    pub vector: Vec<f32>,
}
