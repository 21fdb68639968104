use half::f16;

/// Values of a vector of length 1 that are smaller than this become 0, which changes no score by more than rounding does.
/// The product of two such values is below what f32 holds, and a processor takes many times as long for it; models do
/// give them (all-MiniLM-L6-v2: 1e-33 in the same two dimensions of every vector).
const TINY: f32 = 1e-18;

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

/// A vector of length 1 as a replica keeps it: to the nearest half-precision value, ties to even. What is below the smallest
/// normal one (6.1e-5) becomes 0: scans need not think of other numbers, which cost some processors many times as much.
pub(crate) fn halved(vector: &[f32]) -> impl Iterator<Item = f16> {
    vector.iter().map(|&value| {
        let half = f16::from_f32(value);
        if half.is_normal() { half } else { f16::ZERO }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_scaled_to_length_one_however_large_or_small() {
        for scale in [1.0, 1e30, 1e-30] {
            let vector = normalised(&[3.0 * scale, 4.0 * scale]).unwrap();
            let length: f32 = vector.iter().map(|value| value * value).sum();
            assert!((length - 1.0).abs() < 1e-6);
        }
        assert_eq!(normalised(&[4.0, 4e-10, -4e-19]).unwrap(), [1.0, 1e-10, 0.0]);
        assert_eq!(normalised(&[0.0, 0.0]).unwrap(), [0.0, 0.0]);
        assert!(normalised(&[f32::NAN]).is_none() && normalised(&[f32::INFINITY]).is_none());
    }

    #[test]
    fn halves_are_the_nearest_and_never_subnormal() {
        let step = 2.0_f32.powi(-11);
        let smallest = f16::MIN_POSITIVE.to_f32();
        for (value, expected) in [
            (1.0, 1.0),
            (-0.5, -0.5),
            (0.5 + 0.9 * step, 0.5 + step),
            (0.5 + 0.5 * step, 0.5),
            (0.5 + 1.5 * step, 0.5 + 2.0 * step),
            (smallest, smallest),
            (-smallest, -smallest),
            (0.9 * smallest, 0.0),
            (-1e-18, 0.0),
        ] {
            let half = halved(&[value]).next().unwrap();
            assert_eq!(half.to_f32(), expected, "{value}");
        }
    }
}
