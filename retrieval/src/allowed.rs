use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::acl::{Acl, Sight, Viewer};
use crate::documents::{ChunkRef, DocumentNumber, Documents};
use crate::error::Result;
use crate::filter::Filter;
use crate::keyword::Holding;
use crate::stop::Stop;
use crate::vectors::DocumentScope;

/// What a query, or its viewer, may look at. Both legs ask before they score, so that a forbidden document never takes a place from a permitted one.
pub(crate) struct Allowed {
    documents: AllowedDocuments,
    /// Of the permitted documents only these chunks, where the query asks for words that must be there.
    chunks: Option<HashSet<ChunkRef>>,
    /// There may be more such chunks.
    is_partial: bool,
}

enum AllowedDocuments {
    Everything,
    Only(HashSet<DocumentNumber>),
}

impl Allowed {
    /// What the viewer may see.
    pub(crate) fn seen_by(viewer: &Viewer, documents: &Documents) -> Self {
        let documents = match Sight::of(viewer) {
            Sight::Everything => AllowedDocuments::Everything,
            sight => {
                // Each list is looked at once, however many documents have it.
                let open: HashSet<*const Acl> = documents
                    .lists()
                    .filter(|list| sight.sees(list))
                    .map(Arc::as_ptr)
                    .collect();
                let seen = documents
                    .iter()
                    .filter(|(_, document)| open.contains(&Arc::as_ptr(&document.acl)));
                AllowedDocuments::Only(seen.map(|(number, _)| number).collect())
            }
        };
        Self {
            documents,
            chunks: None,
            is_partial: false,
        }
    }

    /// And of it what the filter lets through.
    pub(crate) fn within(self, filter: Option<&Filter>, documents: &Documents, stop: &Stop) -> Result<Self> {
        let Some(filter) = filter else {
            return Ok(self);
        };
        let (mut passing, mut pace) = (HashSet::new(), stop.pace());
        for (number, document) in documents.iter() {
            pace.steps(1)?;
            if self.contains_document(number) && filter.matches(&|path| document.field(path)) {
                passing.insert(number);
            }
        }
        Ok(Self {
            documents: AllowedDocuments::Only(passing),
            ..self
        })
    }

    /// Whether it is all that there is.
    pub(crate) fn is_everything(&self) -> bool {
        matches!(self.documents, AllowedDocuments::Everything) && self.chunks.is_none()
    }

    /// The same, and of it only the chunks that hold something.
    pub(crate) fn only(self, holding: Holding) -> Self {
        Self {
            chunks: Some(holding.chunks),
            is_partial: holding.is_partial,
            ..self
        }
    }

    /// Whether chunks were left out that nobody looked at.
    pub(crate) fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// The documents of it by their ids, as the shorter list: those that are in it, or those that are not.
    pub(crate) fn scope(&self, documents: &Documents) -> DocumentScope {
        let AllowedDocuments::Only(numbers) = &self.documents else {
            return DocumentScope::All;
        };
        let ids = |inside: bool| {
            let listed = documents
                .iter()
                .filter(|(number, _)| numbers.contains(number) == inside);
            listed.map(|(_, document)| document.id).collect()
        };
        match documents.len().saturating_sub(numbers.len()) {
            0 => DocumentScope::All,
            outside if outside < numbers.len() => DocumentScope::AllBut(ids(false)),
            _ => DocumentScope::Only(ids(true)),
        }
    }

    /// The chunks that it is narrowed to, by their ids.
    pub(crate) fn chunk_ids(&self, documents: &Documents) -> Option<Vec<Uuid>> {
        let chunks = self.chunks.as_ref()?;
        let keys = chunks.iter().filter_map(|chunk| documents.key(*chunk));
        Some(keys.map(|key| key.chunk_id).collect())
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
