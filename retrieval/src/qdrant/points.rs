use std::collections::HashMap;

use qdrant_client::Payload;
use qdrant_client::qdrant::{NamedVectors, PointStruct, ScoredPoint, Value, Vector};
use uuid::Uuid;

use super::collection::DENSE;
use super::filter::{CHUNK, DOCUMENT, INDEX, TENANT, index_key, point_id};
use crate::change::{IndexedDocument, Place};
use crate::error::{Error, Result};
use crate::slot::IndexId;
use crate::vectors::{ScoredChunk, normalised};

/// Where the index stands: a point of its own, which no search finds, because its index is called otherwise.
const CURSOR: &str = "cursor";
const ERA: &str = "era";

/// The points of a document: ids and a vector each, no text.
pub(super) fn of_document(index: IndexId, dimensions: usize, document: &IndexedDocument) -> Result<Vec<PointStruct>> {
    let points = document.chunks.iter().map(|chunk| {
        let chunk_id = chunk.chunk_id;
        if chunk.vector.len() != dimensions {
            return Err(Error::ChunkVectorLength {
                chunk_id,
                expected: dimensions,
                actual: chunk.vector.len(),
            });
        }
        let vector = normalised(&chunk.vector).ok_or(Error::ChunkVectorNotFinite { chunk_id })?;
        let mut payload = Payload::new();
        payload.insert(TENANT, index.tenant.to_string());
        payload.insert(INDEX, index_key(index));
        payload.insert(DOCUMENT, document.document_id.to_string());
        payload.insert(CHUNK, chunk_id.to_string());
        Ok(PointStruct::new(point_id(index, chunk_id), named(vector), payload))
    });
    points.collect()
}

/// The id of the point that says where the index stands.
pub(super) fn cursor_chunk() -> Uuid {
    Uuid::nil()
}

/// The point that says where the index stands.
pub(super) fn cursor_point(index: IndexId, dimensions: usize, place: Place) -> PointStruct {
    let mut payload = Payload::new();
    payload.insert(TENANT, index.tenant.to_string());
    payload.insert(INDEX, format!("cursor of {}", index_key(index)));
    payload.insert(CURSOR, i64::try_from(place.seq).unwrap_or(i64::MAX));
    if let Some(era) = place.era {
        payload.insert(ERA, era.to_string());
    }
    // A point needs a vector; that of a cursor is compared with nothing.
    let vector = vec![1.0; dimensions];
    PointStruct::new(point_id(index, cursor_chunk()), named(vector), payload)
}

pub(super) fn read_place(payload: &HashMap<String, Value>) -> Option<Place> {
    let era = payload.get(ERA).and_then(|era| era.as_str()?.parse().ok());
    let seq = u64::try_from(payload.get(CURSOR)?.as_integer()?).ok()?;
    Some(Place { seq, era })
}

/// A chunk as the server found it; `None` for what is no point of ours.
pub(super) fn scored(point: &ScoredPoint) -> Option<ScoredChunk> {
    let id = |field: &str| point.payload.get(field)?.as_str()?.parse().ok();
    Some(ScoredChunk {
        document_id: id(DOCUMENT)?,
        chunk_id: id(CHUNK)?,
        cosine: point.score,
    })
}

fn named(vector: Vec<f32>) -> NamedVectors {
    NamedVectors::default().add_vector(DENSE, Vector::new_dense(vector))
}
