use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::acl::Acl;
use crate::change::IndexedDocument;
use crate::facts::Facts;
use crate::filter::field;

/// Names one version of a document inside a replica. Numbers grow and are never used twice, so whatever an index still
/// holds of a replaced version cannot be taken for the new one.
pub(crate) type DocumentNumber = u64;

/// A chunk inside a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ChunkRef {
    pub(crate) document: DocumentNumber,
    /// Place in the document's list of chunks.
    pub(crate) place: usize,
}

/// What a chunk is known by outside, and the order of chunks with equal scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChunkKey {
    pub(crate) document_id: Uuid,
    pub(crate) ordinal: u32,
    pub(crate) chunk_id: Uuid,
}

/// What every query needs of a document, kept in memory.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) metadata: Value,
    pub(crate) facts: Facts,
    /// Shared by all documents of the replica that have the same: those of a source have, and it may name thousands.
    pub(crate) acl: Arc<Acl>,
    /// The row of its first chunk's vector; the others follow.
    pub(crate) first_row: usize,
    pub(crate) chunks: Vec<(Uuid, u32)>,
}

impl Document {
    pub(crate) fn new(document: IndexedDocument, first_row: usize) -> Self {
        Self {
            id: document.document_id,
            title: document.title,
            metadata: document.metadata,
            facts: document.facts,
            acl: Arc::new(document.acl),
            first_row,
            chunks: document
                .chunks
                .iter()
                .map(|chunk| (chunk.chunk_id, chunk.ordinal))
                .collect(),
        }
    }

    /// What it takes of main memory, about; without vectors and its access list.
    fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.title.len()
            + json_bytes(&self.metadata)
            + self.facts.memory_bytes()
            + json_bytes(&self.facts.said)
            + self.chunks.len() * size_of::<(Uuid, u32)>()
    }

    /// What a filter or recency finds under a name: a fact where it begins with `$`, else a member of the metadata.
    pub(crate) fn field(&self, path: &str) -> Option<Cow<'_, Value>> {
        match path.strip_prefix('$') {
            Some(name) => self.facts.field(&self.title, name),
            None => field(&self.metadata, path).map(Cow::Borrowed),
        }
    }

    /// The place of a chunk in the document's list.
    pub(crate) fn place_of(&self, chunk_id: Uuid) -> Option<usize> {
        self.chunks.iter().position(|(id, _)| *id == chunk_id)
    }
}

/// The documents a replica holds now.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    by_number: BTreeMap<DocumentNumber, Document>,
    number_of: HashMap<Uuid, DocumentNumber>,
    lists: HashSet<Arc<Acl>>,
    chunk_count: usize,
    memory_bytes: usize,
}

/// What a value takes of main memory, about.
fn json_bytes(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(json_bytes).sum(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| size_of::<String>() + name.len() + json_bytes(value))
                .sum(),
        }
}

impl Documents {
    /// The document of this id must have been removed before.
    pub(crate) fn insert(&mut self, number: DocumentNumber, mut document: Document) {
        match self.lists.get(&document.acl) {
            Some(list) => document.acl = list.clone(),
            None => {
                self.memory_bytes += document.acl.memory_bytes();
                self.lists.insert(document.acl.clone());
            }
        }
        self.chunk_count += document.chunks.len();
        self.memory_bytes += document.memory_bytes();
        self.number_of.insert(document.id, number);
        self.by_number.insert(number, document);
    }

    pub(crate) fn remove(&mut self, number: DocumentNumber) {
        if let Some(document) = self.by_number.remove(&number) {
            self.chunk_count -= document.chunks.len();
            self.memory_bytes -= document.memory_bytes();
            self.number_of.remove(&document.id);
            // Its own and that of the lists: it was the last to have it.
            if Arc::strong_count(&document.acl) == 2 && self.lists.remove(&document.acl) {
                self.memory_bytes -= document.acl.memory_bytes();
            }
        }
    }

    pub(crate) fn number_of(&self, id: Uuid) -> Option<DocumentNumber> {
        self.number_of.get(&id).copied()
    }

    pub(crate) fn get(&self, number: DocumentNumber) -> Option<&Document> {
        self.by_number.get(&number)
    }

    /// A chunk by what it is known by outside.
    pub(crate) fn find(&self, document_id: Uuid, chunk_id: Uuid) -> Option<ChunkRef> {
        let document = self.number_of(document_id)?;
        let place = self.get(document)?.place_of(chunk_id)?;
        Some(ChunkRef { document, place })
    }

    pub(crate) fn key(&self, chunk: ChunkRef) -> Option<ChunkKey> {
        let document = self.get(chunk.document)?;
        let &(chunk_id, ordinal) = document.chunks.get(chunk.place)?;
        Some(ChunkKey {
            document_id: document.id,
            ordinal,
            chunk_id,
        })
    }

    pub(crate) fn row(&self, chunk: ChunkRef) -> Option<usize> {
        Some(self.get(chunk.document)?.first_row + chunk.place)
    }

    /// The access lists of all documents, each once.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &Arc<Acl>> {
        self.lists.iter()
    }

    /// In order of arrival, which is the order of their rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (DocumentNumber, &Document)> {
        self.by_number.iter().map(|(&number, document)| (number, document))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Document> {
        self.by_number.values_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// What the documents take of main memory, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    pub(crate) fn chunk_count(&self) -> usize {
        self.chunk_count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(id: u128, groups: &[&str]) -> Document {
        Document::new(
            IndexedDocument {
                document_id: Uuid::from_u128(id),
                title: String::new(),
                metadata: Value::Null,
                facts: Facts::default(),
                acl: Acl {
                    groups: groups.iter().map(|group| (*group).to_owned()).collect(),
                    ..Acl::default()
                },
                chunks: Vec::new(),
            },
            0,
        )
    }

    #[test]
    fn documents_of_one_access_list_share_it_until_the_last_is_gone() {
        let (mut documents, long) = (Documents::default(), "a".repeat(10_000));
        documents.insert(1, document(1, &[&long]));
        let of_one = documents.memory_bytes();
        documents.insert(2, document(2, &[&long]));
        documents.insert(3, document(3, &["staff"]));
        assert!(documents.memory_bytes() < of_one + 10_000, "the list counts once");
        let list_of = |documents: &Documents, number| documents.get(number).map(|document| Arc::as_ptr(&document.acl));
        assert_eq!(list_of(&documents, 1), list_of(&documents, 2));
        assert_ne!(list_of(&documents, 1), list_of(&documents, 3));
        assert_eq!(documents.lists().count(), 2);
        documents.remove(1);
        assert_eq!(documents.lists().count(), 2);
        documents.remove(2);
        assert_eq!(documents.lists().count(), 1);
        documents.remove(3);
        assert_eq!((documents.lists().count(), documents.memory_bytes()), (0, 0));
    }
}
