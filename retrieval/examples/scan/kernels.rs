//! Dot products. Those that are generic over `Simd` are compiled once for each set of instructions.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};

/// Sums in `LANES` lanes with what every processor of the target has.
#[inline(always)]
pub(crate) fn lanes<const LANES: usize>(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (left_blocks, left_rest) = left.as_chunks::<LANES>();
    let (right_blocks, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left_blocks.iter().zip(right_blocks) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += left * right;
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f32>() + rest
}

/// Four vectors of sums, as wide as the processor's registers.
#[inline(always)]
pub(crate) fn wide<S: Simd>(simd: S, left: &[f32], right: &[f32]) -> f32 {
    let width = S::f32s::LEN;
    let mut sums = [S::f32s::splat(simd, 0.0); 4];
    let left_blocks = left.chunks_exact(4 * width);
    let right_blocks = right.chunks_exact(4 * width);
    let rest = lanes::<8>(left_blocks.remainder(), right_blocks.remainder());
    for (left, right) in left_blocks.zip(right_blocks) {
        let pairs = left.chunks_exact(width).zip(right.chunks_exact(width));
        for (sum, (left, right)) in sums.iter_mut().zip(pairs) {
            *sum = S::f32s::from_slice(simd, left).mul_add(S::f32s::from_slice(simd, right), *sum);
        }
    }
    let [first, second, third, fourth] = sums;
    ((first + second) + (third + fourth)).reduce_sum() + rest
}

pub(crate) fn dispatched(level: Level, left: &[f32], right: &[f32]) -> f32 {
    dispatch!(level, simd => wide(simd, left, right))
}

/// Bytes; the compiler finds the instructions that multiply and add pairs.
#[inline(always)]
pub(crate) fn bytes(left: &[i8], right: &[i8]) -> i32 {
    let pairs = left.iter().zip(right);
    pairs.map(|(left, right)| i32::from(*left) * i32::from(*right)).sum()
}
