const LANES: usize = 8;
/// Values of a vector of length 1 that are smaller than this become 0, which changes no score by more than rounding does.
/// The product of two such values is below what f32 holds, and a processor takes many times as long for it; models do
/// give them (all-MiniLM-L6-v2: 1e-33 in the same two dimensions of every vector).
const TINY: f32 = 1e-18;

/// The dot product of two vectors of one length. Eight independent sums let the compiler use vector instructions,
/// which a single running sum forbids because float addition does not commute with regrouping.
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
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

/// The vector scaled to length 1, or `None` when a value is not finite. A vector of zeros stays as it is: its cosine
/// with anything is 0.
pub(crate) fn normalised(vector: &[f32]) -> Option<Vec<f32>> {
    if !vector.iter().all(|value| value.is_finite()) {
        return None;
    }
    let length = vector.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    if length == 0.0 {
        return Some(vector.to_vec());
    }
    let scaled = vector.iter().map(|&value| (f64::from(value) / length) as f32);
    Some(
        scaled
            .map(|value| if value.abs() < TINY { 0.0 } else { value })
            .collect(),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_dot_product_covers_lengths_that_are_no_multiple_of_the_lanes() {
        for length in [0_u16, 1, 7, 8, 9, 384, 385] {
            let left: Vec<f32> = (0..length).map(f32::from).collect();
            let expected: f32 = left.iter().map(|value| value * 2.0).sum();
            let right = vec![2.0; usize::from(length)];
            assert!((dot(&left, &right) - expected).abs() <= expected * 1e-6);
        }
    }

    #[test]
    fn vectors_are_scaled_to_length_one_however_large_or_small() {
        for scale in [1.0, 1e30, 1e-30] {
            let vector = normalised(&[3.0 * scale, 4.0 * scale]).unwrap();
            assert!((dot(&vector, &vector) - 1.0).abs() < 1e-6);
        }
        assert_eq!(normalised(&[4.0, 4e-10, -4e-19]).unwrap(), [1.0, 1e-10, 0.0]);
        assert_eq!(normalised(&[0.0, 0.0]).unwrap(), [0.0, 0.0]);
        assert!(normalised(&[f32::NAN]).is_none() && normalised(&[f32::INFINITY]).is_none());
    }
}
