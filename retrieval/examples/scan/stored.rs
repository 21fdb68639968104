use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};
use half::f16;

use crate::dot::dot;
use crate::kernels::{bytes, lanes, wide};
use crate::nearest::best;
use crate::numbers::quantised;
use crate::rows::Rows;
use crate::unit::halved;

/// The rows in every form that is scanned.
pub(crate) struct Stored {
    pub(crate) rows: Rows,
    halves: Vec<f16>,
    bytes: Vec<i8>,
    steps: Vec<f32>,
}

impl Stored {
    pub(crate) fn new(rows: Rows) -> Self {
        let (mut bytes, mut steps) = (Vec::with_capacity(rows.values.len()), Vec::new());
        for row in rows.values.chunks_exact(rows.dimensions) {
            let (row, step) = quantised(row);
            bytes.extend(row);
            steps.push(step);
        }
        Self {
            halves: halved(&rows.values).collect(),
            rows,
            bytes,
            steps,
        }
    }

    pub(crate) fn queries(&self) -> impl Iterator<Item = &[f32]> {
        self.rows.queries.chunks_exact(self.rows.dimensions)
    }

    #[inline(always)]
    pub(crate) fn exact(&self, dot: impl Fn(&[f32], &[f32]) -> f32, query: &[f32], limit: usize) -> Vec<usize> {
        let rows = self.rows.values.chunks_exact(self.rows.dimensions);
        best(rows.map(|row| dot(row, query)), limit)
    }

    /// As a replica scans.
    pub(crate) fn halves(&self, level: Level, query: &[f32], limit: usize) -> Vec<usize> {
        let rows = self.halves.chunks_exact(self.rows.dimensions);
        best(rows.map(|row| dot(level, row, query)), limit)
    }

    /// By how much the cosines of halves differ from those of whole values: the most of all rows, and the root of the mean square.
    pub(crate) fn halves_are_off_by(&self, query: &[f32]) -> (f64, f64) {
        let rows = self.rows.values.chunks_exact(self.rows.dimensions);
        let halves = self.halves.chunks_exact(self.rows.dimensions);
        let (mut most, mut squares) = (0.0_f64, 0.0);
        for (row, half) in rows.zip(halves) {
            let off = f64::from(lanes::<8>(row, query) - dot(Level::new(), half, query)).abs();
            most = most.max(off);
            squares += off * off;
        }
        (most, (squares / self.rows.count() as f64).sqrt())
    }

    pub(crate) fn dispatched(&self, level: Level, query: &[f32], limit: usize) -> Vec<usize> {
        dispatch!(level, simd => self.rescored(
            #[inline(always)] |row, query| simd.vectorize(#[inline(always)] || bytes(row, query)),
            #[inline(always)] |row, query| wide(simd, row, query),
            query,
            limit,
        ))
    }

    /// A first pass over bytes, then the exact scores of the best of it.
    #[inline(always)]
    pub(crate) fn rescored(
        &self,
        first: impl Fn(&[i8], &[i8]) -> i32,
        exact: impl Fn(&[f32], &[f32]) -> f32,
        query: &[f32],
        limit: usize,
    ) -> Vec<usize> {
        let (small, _) = quantised(query);
        let rows = self.bytes.chunks_exact(self.rows.dimensions).zip(&self.steps);
        let kept = best(rows.map(|(row, step)| first(row, &small) as f32 * step), 4 * limit);
        let scores = kept.iter().map(|&number| exact(self.rows.row(number), query));
        best(scores, limit)
            .into_iter()
            .filter_map(|place| kept.get(place).copied())
            .collect()
    }
}
