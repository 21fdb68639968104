//! Numbers in other forms than a model gives them.

/// Values that change no score by more than rounding does become 0. A product of two of them would be subnormal, which
/// costs a processor many times a normal one. Models do give such values: all-MiniLM-L6-v2 has two dimensions of about 1e-33.
pub(crate) fn without_tiny(vector: &[f32]) -> Vec<f32> {
    let value = |&value: &f32| if value.abs() < 1e-18 { 0.0 } else { value };
    vector.iter().map(value).collect()
}

/// Bytes of a row and what one step of them is worth: the largest value becomes 127.
pub(crate) fn quantised(row: &[f32]) -> (Vec<i8>, f32) {
    let largest = row
        .iter()
        .fold(f32::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
    let step = largest / 127.0;
    (row.iter().map(|value| (value / step).round() as i8).collect(), step)
}
