use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

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
    pub(crate) acl: Acl,
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
            acl: document.acl,
            first_row,
            chunks: document
                .chunks
                .iter()
                .map(|chunk| (chunk.chunk_id, chunk.ordinal))
                .collect(),
        }
    }

    /// What it takes of main memory, about; without vectors.
    fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.title.len()
            + json_bytes(&self.metadata)
            + self.facts.memory_bytes()
            + json_bytes(&self.facts.said)
            + self.acl.memory_bytes()
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
    pub(crate) fn insert(&mut self, number: DocumentNumber, document: Document) {
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
