use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};

use crate::kernels::{bytes, wide};
use crate::nearest::best;
use crate::numbers::quantised;
use crate::rows::Rows;

/// The rows in every form that is scanned.
pub(crate) struct Stored {
    pub(crate) rows: Rows,
    #[cfg(target_arch = "x86_64")]
    halves: Vec<u16>,
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
            #[cfg(target_arch = "x86_64")]
            halves: rows.values.iter().copied().map(crate::numbers::half).collect(),
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

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn halves(&self, query: &[f32], limit: usize) -> Vec<usize> {
        let Some(avx2) = Level::new().as_avx2() else {
            return Vec::new();
        };
        let rows = self.halves.chunks_exact(self.rows.dimensions);
        best(rows.map(|row| crate::kernels::halves(avx2, row, query)), limit)
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
