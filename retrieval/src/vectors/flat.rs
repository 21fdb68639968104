use fearless_simd::Level;
use half::f16;

use super::dot::dot;
use crate::allowed::Allowed;
use crate::documents::{ChunkRef, Document, Documents};
use crate::error::Result;
use crate::stop::Stop;
use crate::top::{Ranked, Top};

/// Rows whose document is gone are dropped once they are this share of all rows...
const MAX_DEAD_SHARE: f64 = 0.3;
/// ...and at least this many, so that a small base is not rewritten at every change.
const MIN_DEAD_ROWS: usize = 256;

/// One row a chunk, all of length 1 but for rounding, in memory: 2 bytes a dimension.
#[derive(Debug)]
pub(crate) struct FlatVectors {
    dimensions: usize,
    values: Vec<f16>,
    /// The instructions that this processor has.
    level: Level,
}

impl FlatVectors {
    /// `values` holds whole rows.
    pub(crate) fn new(dimensions: usize, values: Vec<f16>) -> Self {
        Self {
            dimensions,
            values,
            level: Level::new(),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.values.len() / self.dimensions
    }

    pub(crate) fn values(&self) -> &[f16] {
        &self.values
    }

    pub(crate) fn append(&mut self, rows: &[f16]) {
        self.values.extend_from_slice(rows);
    }

    /// The cosine of a chunk with a query of length 1; 0 for an unknown row.
    pub(crate) fn cosine(&self, row: usize, query: &[f32]) -> f32 {
        self.product(self.span(row, 1), query)
    }

    /// The `limit` permitted chunks nearest to the query, nearest first. Exact.
    pub(crate) fn nearest(
        &self,
        query: &[f32],
        allowed: &Allowed,
        limit: usize,
        documents: &Documents,
        stop: &Stop,
    ) -> Result<Vec<Ranked>> {
        let (mut top, mut pace) = (Top::new(limit), stop.pace());
        for (number, document) in documents
            .iter()
            .filter(|(number, _)| allowed.contains_document(*number))
        {
            pace.steps(document.chunks.len())?;
            let rows = self.span(document.first_row, document.chunks.len());
            for (place, row) in rows.chunks_exact(self.dimensions).enumerate() {
                let chunk = ChunkRef {
                    document: number,
                    place,
                };
                if allowed.contains(chunk) {
                    top.offer(self.product(row, query), chunk, documents);
                }
            }
        }
        Ok(top.into_ranking())
    }

    pub(crate) fn needs_compaction(&self, documents: &Documents) -> bool {
        let dead = self.rows().saturating_sub(documents.chunk_count());
        dead >= MIN_DEAD_ROWS && dead as f64 > self.rows() as f64 * MAX_DEAD_SHARE
    }

    /// The rows of living documents only, in their order, and each document's new first row.
    pub(crate) fn compacted(&self, documents: &Documents) -> (Self, Vec<usize>) {
        let mut values = Vec::with_capacity(documents.chunk_count() * self.dimensions);
        let mut first_rows = Vec::with_capacity(documents.len());
        for (_, document) in documents.iter() {
            first_rows.push(values.len() / self.dimensions);
            values.extend_from_slice(self.document_rows(document));
        }
        (Self::new(self.dimensions, values), first_rows)
    }

    /// A row's rounded length can be a little more than 1, a cosine cannot.
    fn product(&self, row: &[f16], query: &[f32]) -> f32 {
        dot(self.level, row, query).clamp(-1.0, 1.0)
    }

    fn document_rows(&self, document: &Document) -> &[f16] {
        self.span(document.first_row, document.chunks.len())
    }

    fn span(&self, first_row: usize, rows: usize) -> &[f16] {
        let start = first_row * self.dimensions;
        self.values
            .get(start..start + rows * self.dimensions)
            .unwrap_or_default()
    }
}
