use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;

use half::f16;
use uuid::Uuid;

use super::disk;
use super::marker::{BuiltFor, Marker};
use super::state::{Phase, Remains, Replica, Writer};
use crate::change::{DocumentChange, IndexedDocument, Place};
use crate::documents::{Document, DocumentNumber};
use crate::error::{Error, Result};
use crate::vectors::{halved, normalised};

/// Changes made ready: nothing in them can be refused any more.
struct Batch {
    /// Versions of documents that go.
    removed: Vec<DocumentNumber>,
    /// Versions that come, in the order of their numbers.
    added: Vec<(DocumentNumber, IndexedDocument)>,
    /// Their chunks' vectors, one after the other; none where a server has them.
    rows: Vec<f16>,
    /// What the versions that go leave on the disk.
    remains: Remains,
}

impl Replica {
    /// Applies changes in their order and moves to `place`, whose number may not be behind the present one. Searches see all
    /// of it or nothing.
    ///
    /// A refused vector or cursor changes nothing. Any other error leaves the replica [`Error::Broken`]; it must then
    /// be opened again, which rebuilds it.
    pub fn apply(&self, changes: Vec<DocumentChange>, place: impl Into<Place>) -> Result<()> {
        let place = place.into();
        let cursor = place.seq;
        let mut writer = self.writer()?;
        let batch = self.prepare(changes, cursor, writer.next_number)?;
        writer.phase = Phase::Changing;
        writer.saved_documents = None;
        writer.next_number += batch.added.len() as u64;
        self.keyword.write(
            batch.removed.iter().copied(),
            batch.added.iter().map(|(number, document)| (*number, document)),
            cursor,
        )?;
        writer.vector_file.append(&batch.rows)?;
        self.publish(batch, place)?;
        self.compact(&mut writer)?;
        writer.phase = Phase::Open;
        Ok(())
    }

    /// Writes everything to disk, marks the replica as whole and gives up the directory. Searches still work after it,
    /// changes do not. A second call does nothing.
    pub fn close(&self) -> Result<()> {
        let mut writer = match self.writer() {
            Err(Error::Closed) => return Ok(()),
            outcome => outcome?,
        };
        let state = self.read()?;
        let documents_checksum = match writer.saved_documents {
            Some(checksum) => checksum,
            None => {
                writer.vector_file.sync()?;
                self.layout.sync_keyword()?;
                disk::write_documents(&self.layout.documents, &state.documents)?
            }
        };
        let marker = Marker {
            built_for: BuiltFor::now(&self.options),
            cursor: state.cursor,
            era: state.era,
            next_number: writer.next_number,
            remains: state.remains,
            vectors_checksum: writer.vector_file.checksum(),
            documents_checksum,
            keyword_checksum: self.layout.keyword_checksum()?,
        };
        marker.write(&self.layout.marker)?;
        writer.phase = Phase::Closed;
        writer.lock = None;
        Ok(())
    }

    fn prepare(&self, changes: Vec<DocumentChange>, cursor: u64, next_number: DocumentNumber) -> Result<Batch> {
        let state = self.read()?;
        if cursor < state.cursor {
            return Err(Error::CursorBehind {
                current: state.cursor,
                given: cursor,
            });
        }
        let mut batch = Batch {
            removed: Vec::new(),
            added: Vec::new(),
            rows: Vec::new(),
            remains: Remains::Nothing,
        };
        for change in last_per_document(changes) {
            let number = state.documents.number_of(change.document_id());
            batch.removed.extend(number);
            let left = match (&change, number) {
                (DocumentChange::Upsert(_) | DocumentChange::Hide(_), Some(_)) => Remains::Replaced,
                (DocumentChange::Delete(_), Some(_)) => Remains::Deleted,
                // It may have been hidden before: then its text is among what is left.
                (DocumentChange::Delete(_), None) if state.remains == Remains::Replaced => Remains::Deleted,
                (_, None) => Remains::Nothing,
            };
            batch.remains = batch.remains.max(left);
            let DocumentChange::Upsert(mut document) = change else {
                continue;
            };
            for chunk in &mut document.chunks {
                let vector = std::mem::take(&mut chunk.vector);
                if self.options.served.is_none() {
                    let vector = self.checked_vector(chunk.chunk_id, &vector)?;
                    batch.rows.extend(halved(&vector));
                }
            }
            batch.added.push((next_number + batch.added.len() as u64, document));
        }
        Ok(batch)
    }

    fn checked_vector(&self, chunk_id: Uuid, vector: &[f32]) -> Result<Vec<f32>> {
        let expected = self.options.dimensions;
        if vector.len() != expected {
            return Err(Error::ChunkVectorLength {
                chunk_id,
                expected,
                actual: vector.len(),
            });
        }
        normalised(vector).ok_or(Error::ChunkVectorNotFinite { chunk_id })
    }

    /// Lets searches see what the keyword index has committed, together with its documents and vectors.
    fn publish(&self, batch: Batch, place: Place) -> Result<()> {
        self.keyword.reload()?;
        let mut state = self.write()?;
        for number in batch.removed {
            state.documents.remove(number);
        }
        let mut first_row = state.vectors.rows();
        state.vectors.append(&batch.rows);
        for (number, document) in batch.added {
            let document = Document::new(document, first_row);
            first_row += document.chunks.len();
            state.documents.insert(number, document);
        }
        state.searcher = self.keyword.searcher();
        state.cursor = place.seq;
        state.era = place.era;
        self.cursor.store(place.seq, Relaxed);
        state.remains = state.remains.max(batch.remains);
        Ok(())
    }

    /// Drops the rows of replaced and deleted documents once they are many.
    fn compact(&self, writer: &mut Writer) -> Result<()> {
        let state = self.read()?;
        let needed = state.vectors.needs_compaction(&state.documents);
        drop(state);
        if needed { self.compact_vectors(writer) } else { Ok(()) }
    }

    /// Drops the rows of replaced and deleted documents.
    pub(super) fn compact_vectors(&self, writer: &mut Writer) -> Result<()> {
        let (vectors, first_rows) = {
            let state = self.read()?;
            state.vectors.compacted(&state.documents)
        };
        writer.vector_file.rewrite(vectors.values())?;
        let mut state = self.write()?;
        for (document, first_row) in state.documents.iter_mut().zip(first_rows) {
            document.first_row = first_row;
        }
        state.vectors = vectors;
        Ok(())
    }
}

/// Of several changes to one document only the last counts.
fn last_per_document(changes: Vec<DocumentChange>) -> Vec<DocumentChange> {
    let mut seen = HashSet::new();
    let mut last: Vec<DocumentChange> = changes
        .into_iter()
        .rev()
        .filter(|change| seen.insert(change.document_id()))
        .collect();
    last.reverse();
    last
}
