use std::collections::HashSet;

use crate::acl::{Sight, Viewer};
use crate::documents::{ChunkRef, DocumentNumber, Documents};
use crate::filter::Filter;

/// What a query may look at. Both legs ask before they score, so that a forbidden document never takes a place from a permitted one.
pub(crate) struct Allowed {
    documents: AllowedDocuments,
    /// Of the permitted documents only these chunks, where the query asks for words that must be there.
    chunks: Option<HashSet<ChunkRef>>,
}

enum AllowedDocuments {
    Everything,
    Only(HashSet<DocumentNumber>),
}

impl Allowed {
    pub(crate) fn evaluate(documents: &Documents, viewer: &Viewer, filter: Option<&Filter>) -> Self {
        let sight = Sight::of(viewer);
        let everything = matches!(sight, Sight::Everything) && filter.is_none();
        let documents = if everything {
            AllowedDocuments::Everything
        } else {
            let passing = documents.iter().filter(|(_, document)| {
                sight.sees(&document.acl) && filter.is_none_or(|filter| filter.matches(&document.metadata))
            });
            AllowedDocuments::Only(passing.map(|(number, _)| number).collect())
        };
        Self {
            documents,
            chunks: None,
        }
    }

    /// The same, and of it only these chunks.
    pub(crate) fn only(self, chunks: HashSet<ChunkRef>) -> Self {
        Self {
            chunks: Some(chunks),
            ..self
        }
    }

    pub(crate) fn contains_document(&self, document: DocumentNumber) -> bool {
        match &self.documents {
            AllowedDocuments::Everything => true,
            AllowedDocuments::Only(numbers) => numbers.contains(&document),
        }
    }

    pub(crate) fn contains(&self, chunk: ChunkRef) -> bool {
        self.contains_document(chunk.document) && self.chunks.as_ref().is_none_or(|chunks| chunks.contains(&chunk))
    }
}
