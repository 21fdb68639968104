use std::collections::HashMap;

/// Sentence vectors, computed by the caller. Texts are those that [`crate::texts_to_embed`] and
/// [`crate::sentences_to_embed`] named, byte for byte; all vectors of one lookup share one length.
pub trait SentenceVectors {
    /// The vector of this sentence, or `None` when the caller has none: lexical evidence then stands alone.
    fn vector(&self, sentence: &str) -> Option<&[f32]>;
}

impl SentenceVectors for HashMap<String, Vec<f32>> {
    fn vector(&self, sentence: &str) -> Option<&[f32]> {
        self.get(sentence).map(Vec::as_slice)
    }
}

/// No vectors at all: everything works on words alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoVectors;

impl SentenceVectors for NoVectors {
    fn vector(&self, _sentence: &str) -> Option<&[f32]> {
        None
    }
}

/// The cosine of two vectors in -1..=1; `None` when lengths differ, a norm is zero or a component is not finite.
pub(crate) fn cosine(left: &[f32], right: &[f32]) -> Option<f32> {
    if left.len() != right.len() {
        return None;
    }
    let (mut dot, mut left_square, mut right_square) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (a, b) in left.iter().zip(right) {
        dot += a * b;
        left_square += a * a;
        right_square += b * b;
    }
    let norms = left_square.sqrt() * right_square.sqrt();
    let value = dot / norms;
    (norms > 0.0 && value.is_finite()).then(|| value.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::cosine;

    #[test]
    fn equal_vectors_have_cosine_one_and_odd_input_has_none() {
        assert!(cosine(&[3.0, 4.0], &[3.0, 4.0]).is_some_and(|value| (value - 1.0).abs() < 1e-6));
        assert_eq!(cosine(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(cosine(&[0.0], &[0.0]), None);
        assert_eq!(cosine(&[f32::NAN], &[1.0]), None);
        assert_eq!(cosine(&[], &[]), None);
    }
}
