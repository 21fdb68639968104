use fearless_simd::{Level, dispatch};
use half::f16;

/// Values that are summed beside each other, so that the compiler can use vector instructions, which a single running sum
/// forbids because float addition does not commute with regrouping.
const LANES: usize = 32;
/// Of them as many as the last step adds up one by one.
const WIDTH: usize = 8;
/// 2^112, by which the exponents of f32 and f16 differ.
const REBASE: f32 = f32::from_bits((127 + 112) << 23);

/// The dot product of a row and a vector of its length, with the best instructions of `level`. Every level multiplies, rounds
/// and adds in the same order, without fusing, so that each processor gives the same bits.
pub(crate) fn dot(level: Level, row: &[f16], vector: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = level.as_avx2() {
        return converted(avx2, row, vector);
    }
    dispatch!(level, _ => plain(row, vector))
}

/// What the compiler makes of it for each set of instructions.
#[inline(always)]
fn plain(row: &[f16], vector: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (row_blocks, row_rest) = row.as_chunks::<LANES>();
    let (vector_blocks, vector_rest) = vector.as_chunks::<LANES>();
    for (row, vector) in row_blocks.iter().zip(vector_blocks) {
        for ((sum, &half), value) in sums.iter_mut().zip(row).zip(vector) {
            *sum += widened(half) * value;
        }
    }
    let mut few = [0.0; WIDTH];
    for sums in sums.as_chunks::<WIDTH>().0 {
        for (few, sum) in few.iter_mut().zip(sums) {
            *few += sum;
        }
    }
    total(few) + rest(row_rest, vector_rest)
}

#[cfg(target_arch = "x86_64")]
fearless_simd::kernel!(
    /// With the instruction that converts eight values, of F16C, which whatever has AVX2 has.
    fn converted(avx2: Avx2, row: &[f16], vector: &[f32]) -> f32 {
        use std::arch::x86_64::_mm256_cvtph_ps;

        use fearless_simd::prelude::*;
        use fearless_simd::{f32x8, u16x8};

        let mut sums = [f32x8::splat(avx2, 0.0); LANES / WIDTH];
        let (row_blocks, row_rest) = row.as_chunks::<LANES>();
        let (vector_blocks, vector_rest) = vector.as_chunks::<LANES>();
        for (row, vector) in row_blocks.iter().zip(vector_blocks) {
            let pairs = row.as_chunks::<WIDTH>().0.iter().zip(vector.as_chunks::<WIDTH>().0);
            for (sum, (row, &vector)) in sums.iter_mut().zip(pairs) {
                let bits = u16x8::simd_from(avx2, row.map(f16::to_bits));
                let row: f32x8<_> = _mm256_cvtph_ps(bits.into()).simd_into(avx2);
                *sum += row * f32x8::simd_from(avx2, vector);
            }
        }
        let few = sums.into_iter().fold(f32x8::splat(avx2, 0.0), |few, sum| few + sum);
        total(few.into()) + rest(row_rest, vector_rest)
    }
);

#[inline(always)]
fn total(sums: [f32; WIDTH]) -> f32 {
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// Of the values that do not fill the lanes.
#[inline(always)]
fn rest(row: &[f16], vector: &[f32]) -> f32 {
    row.iter().zip(vector).map(|(&half, value)| widened(half) * value).sum()
}

/// Exact for every finite value. In steps that compilers find vector instructions for; the crate's own looks at cases. The sign
/// is drawn along, and cut out of the exponent again.
#[inline(always)]
fn widened(half: f16) -> f32 {
    let drawn = (i32::from(half.to_bits().cast_signed()) << 16) >> 3;
    f32::from_bits(drawn.cast_unsigned() & 0x8fff_ffff) * REBASE
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "x86_64")]
    use fearless_simd::prelude::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Every set of instructions that this processor has.
    fn levels() -> Vec<Level> {
        let best = Level::new();
        #[cfg(target_arch = "x86_64")]
        let narrower = [
            best.as_avx2().map(|avx2| avx2.level()),
            best.as_sse4_2().map(|sse| sse.level()),
            best.as_sse2().map(|sse| sse.level()),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let narrower = [Some(Level::baseline())];
        narrower.into_iter().flatten().chain([best]).collect()
    }

    #[test]
    fn every_half_becomes_the_same_number_in_single_precision() {
        let finite = (0..=u16::MAX).map(f16::from_bits).filter(|half| half.is_finite());
        for half in finite {
            assert_eq!(widened(half).to_bits(), half.to_f32().to_bits(), "{half:?}");
        }
    }

    #[test]
    fn the_dot_product_covers_lengths_that_are_no_multiple_of_the_lanes() {
        for length in [0_u8, 1, 7, 8, 9, 31, 32, 33, 63, 96, 97, 255] {
            // Whole numbers that halves and sums hold exactly.
            let row: Vec<f16> = (0..length).map(f16::from).collect();
            let expected: u32 = (0..length).map(|value| 2 * u32::from(value)).sum();
            let vector = vec![2.0; usize::from(length)];
            for level in levels() {
                assert_eq!(dot(level, &row, &vector), expected as f32, "{length} {level:?}");
            }
        }
    }

    #[test]
    fn every_set_of_instructions_gives_the_same_bits_and_nearly_the_exact_product() {
        let mut random = StdRng::seed_from_u64(1);
        for round in 0..2_000 {
            let length = random.random_range(0..500);
            let vector: Vec<f32> = (0..length).map(|_| random.random_range(-1.0..1.0)).collect();
            let half = |_| f16::from_f32(random.random_range(-1.0..1.0));
            let row: Vec<f16> = (0..length).map(half).collect();
            let exact: f64 = row
                .iter()
                .zip(&vector)
                .map(|(half, &value)| half.to_f64() * f64::from(value))
                .sum();
            let plain = plain(&row, &vector);
            assert!(
                (f64::from(plain) - exact).abs() < 1e-4,
                "{plain} and {exact} of {length}"
            );
            for level in levels() {
                let dot = dot(level, &row, &vector);
                assert_eq!(dot.to_bits(), plain.to_bits(), "{round}: {length} {level:?}");
            }
        }
    }
}
