use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};

use crate::kernels::{bytes, dispatched, lanes, wide};
use crate::numbers::without_tiny;
use crate::stored::Stored;

/// The numbers of the rows nearest to a query, nearest first.
type Run = fn(&Stored, &[f32], usize) -> Vec<usize>;

pub(crate) struct Scan {
    pub(crate) name: &'static str,
    /// Of a row of so many dimensions.
    pub(crate) bytes: fn(usize) -> usize,
    pub(crate) run: Run,
}

impl Scan {
    const fn of_f32(name: &'static str, run: Run) -> Self {
        let bytes = |dimensions| 4 * dimensions;
        Self { name, bytes, run }
    }

    const fn of_f16(name: &'static str, run: Run) -> Self {
        let bytes = |dimensions| 2 * dimensions;
        Self { name, bytes, run }
    }

    /// Bytes and their step beside the f32 that the best are scored by again.
    const fn of_i8(name: &'static str, run: Run) -> Self {
        let bytes = |dimensions| dimensions + 4 + 4 * dimensions;
        Self { name, bytes, run }
    }
}

/// The first is what replicas did before they had halves. "Best" is the widest set of instructions that the processor has, "baseline" what every
/// processor of the target has (SSE2).
pub(crate) const SCANS: &[Scan] = &[
    Scan::of_f32("f32, 8 lanes, baseline", |stored, query, limit| {
        stored.exact(lanes::<8>, query, limit)
    }),
    Scan::of_f32("the same, the query's tiny values 0", |stored, query, limit| {
        stored.exact(lanes::<8>, &without_tiny(query), limit)
    }),
    Scan::of_f32("f32, 32 lanes, baseline", |stored, query, limit| {
        stored.exact(lanes::<32>, query, limit)
    }),
    Scan::of_f32("f32, AVX2, chosen for each row", |stored, query, limit| {
        let level = avx2();
        stored.exact(|row, query| dispatched(level, row, query), query, limit)
    }),
    Scan::of_f32("f32, best, chosen for each row", |stored, query, limit| {
        stored.exact(|row, query| dispatched(Level::new(), row, query), query, limit)
    }),
    Scan::of_f32("f32, best, chosen once", |stored, query, limit| {
        dispatch!(Level::new(), simd => stored.exact(
            #[inline(always)] |row, query| wide(simd, row, query),
            query,
            limit,
        ))
    }),
    Scan::of_f16("f16, best: today's", |stored, query, limit| {
        stored.halves(Level::new(), query, limit)
    }),
    Scan::of_f16("f16, SSE4.2 where there is one", |stored, query, limit| {
        stored.halves(sse4_2(), query, limit)
    }),
    Scan::of_f16("f16, baseline", |stored, query, limit| {
        stored.halves(Level::baseline(), query, limit)
    }),
    Scan::of_i8("i8 then f32, baseline", |stored, query, limit| {
        stored.rescored(bytes, lanes::<8>, query, limit)
    }),
    Scan::of_i8("i8 then f32, AVX2", |stored, query, limit| {
        stored.dispatched(avx2(), query, limit)
    }),
    Scan::of_i8("i8 then f32, best", |stored, query, limit| {
        stored.dispatched(Level::new(), query, limit)
    }),
];

/// AVX2 where a processor has it, even if it has wider ones; elsewhere the best there is.
#[cfg(target_arch = "x86_64")]
fn avx2() -> Level {
    Level::new().as_avx2().map_or_else(Level::new, |avx2| avx2.level())
}

#[cfg(not(target_arch = "x86_64"))]
fn avx2() -> Level {
    Level::new()
}

/// SSE4.2 even where there is more.
#[cfg(target_arch = "x86_64")]
fn sse4_2() -> Level {
    Level::new().as_sse4_2().map_or_else(Level::baseline, |sse| sse.level())
}

#[cfg(not(target_arch = "x86_64"))]
fn sse4_2() -> Level {
    Level::baseline()
}
