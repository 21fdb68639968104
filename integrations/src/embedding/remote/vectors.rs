use super::vendor::VendorAnswer;
use crate::IntegrationError;

/// One vector an input, in order, each of `dimensions` finite numbers and made to have length one.
pub(super) fn sound_vectors(
    system: &str,
    answer: VendorAnswer,
    inputs: usize,
    dimensions: usize,
) -> Result<Vec<Vec<f32>>, IntegrationError> {
    let invalid = |reason: String| IntegrationError::InvalidAnswer {
        system: system.to_owned(),
        reason,
    };
    let count = answer.vectors.len();
    if count != inputs {
        return Err(invalid(format!("it gave {count} vectors for {inputs} inputs")));
    }
    let mut vectors = answer.vectors;
    vectors.sort_by_key(|(place, _)| *place);
    let in_place = vectors.iter().enumerate().all(|(at, (place, _))| at == *place);
    if !in_place {
        return Err(invalid("it did not give one vector for each input".to_owned()));
    }
    vectors
        .into_iter()
        .map(|(_, vector)| {
            if vector.len() != dimensions {
                // Asking again would cost as much and give the same.
                return Err(IntegrationError::NotConfigured {
                    system: system.to_owned(),
                    what_to_do: format!(
                        "it gives vectors of {} numbers where models.catalogue says {dimensions}: correct `dimensions`",
                        vector.len()
                    ),
                });
            }
            of_length_one(vector)
                .ok_or_else(|| invalid("a vector has no length, or numbers that are not finite".to_owned()))
        })
        .collect()
}

fn of_length_one(vector: Vec<f32>) -> Option<Vec<f32>> {
    let squares: f64 = vector
        .iter()
        .map(|number| f64::from(*number) * f64::from(*number))
        .sum();
    let norm = squares.sqrt();
    (norm.is_finite() && norm > 0.0).then(|| {
        vector
            .into_iter()
            .map(|number| (f64::from(number) / norm) as f32)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(vectors: Vec<(usize, Vec<f32>)>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        let answer = VendorAnswer { vectors, billed: None };
        sound_vectors("m", answer, 2, 2)
    }

    #[test]
    fn vectors_come_in_the_order_of_their_texts_and_with_length_one() {
        let read = read(vec![(1, vec![0.0, 5.0]), (0, vec![3.0, 4.0])]).unwrap();
        assert_eq!(read, [vec![0.6, 0.8], vec![0.0, 1.0]]);
    }

    #[test]
    fn what_does_not_match_the_texts_is_refused() {
        let one = vec![1.0, 0.0];
        let faulty = [
            vec![(0, one.clone())],
            vec![(0, one.clone()), (0, one.clone())],
            vec![(0, one.clone()), (2, one.clone())],
            vec![(0, one.clone()), (1, vec![0.0, 0.0])],
            vec![(0, one.clone()), (1, vec![f32::INFINITY, 0.0])],
            vec![(0, one.clone()), (1, vec![f32::NAN, 0.0])],
        ];
        for vectors in faulty {
            let error = read(vectors.clone()).unwrap_err();
            assert!(matches!(error, IntegrationError::InvalidAnswer { .. }), "{vectors:?}");
        }
        let short = read(vec![(0, one), (1, vec![1.0])]).unwrap_err();
        assert!(matches!(short, IntegrationError::NotConfigured { .. }), "{short}");
    }
}
