//! Numbers in other forms than a model gives them.

/// Values that change no score by more than rounding does become 0. A product of two of them would be subnormal, which
/// costs a processor many times a normal one. Models do give such values: all-MiniLM-L6-v2 has two dimensions of about 1e-33.
pub(crate) fn without_tiny(vector: &[f32]) -> Vec<f32> {
    let value = |&value: &f32| if value.abs() < 1e-18 { 0.0 } else { value };
    vector.iter().map(value).collect()
}

/// IEEE 754 half precision, to the nearest, ties to even. Of values of at most 1: no overflow to think of.
#[cfg(target_arch = "x86_64")]
pub(crate) fn half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    if magnitude < 0x3880_0000 {
        // Below the smallest normal: a multiple of 2^-24.
        return sign | (value.abs() * 16_777_216.0).round_ties_even() as u16;
    }
    let rebased = magnitude - 0x3800_0000;
    let odd = (rebased >> 13) & 1;
    sign | ((rebased + 0xfff + odd) >> 13) as u16
}

/// Bytes of a row and what one step of them is worth: the largest value becomes 127.
pub(crate) fn quantised(row: &[f32]) -> (Vec<i8>, f32) {
    let largest = row
        .iter()
        .fold(f32::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
    let step = largest / 127.0;
    (row.iter().map(|value| (value / step).round() as i8).collect(), step)
}
