use super::vendor::VendorScores;
use crate::IntegrationError;

/// One finite score for each of so many passages, in their order.
pub(super) fn sound_scores(system: &str, answer: VendorScores, passages: usize) -> Result<Vec<f32>, IntegrationError> {
    let invalid = |reason: String| IntegrationError::InvalidAnswer {
        system: system.to_owned(),
        reason,
    };
    let mut scores = answer.scores;
    scores.sort_by_key(|(place, _)| *place);
    let in_place = scores.iter().enumerate().all(|(at, (place, _))| at == *place);
    if scores.len() != passages || !in_place {
        let count = scores.len();
        return Err(invalid(format!(
            "it gave {count} scores, where one for each of {passages} passages was expected"
        )));
    }
    if scores.iter().any(|(_, score)| !score.is_finite()) {
        return Err(invalid("a score is no finite number".to_owned()));
    }
    Ok(scores.into_iter().map(|(_, score)| score).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn scores_are_put_in_the_order_of_the_passages_and_none_may_be_missing() {
        let read = |scores: Vec<(usize, f32)>| sound_scores("m", VendorScores { scores, usage: None }, 2);
        assert_eq!(read(vec![(1, 0.9), (0, 0.1)]).unwrap(), [0.1, 0.9]);
        for wrong in [
            vec![(0, 0.5)],
            vec![(0, 0.5), (0, 0.5)],
            vec![(0, 0.5), (2, 0.5)],
            vec![(0, 0.5), (1, f32::NAN)],
            vec![(0, 0.5), (1, 0.5), (2, 0.5)],
        ] {
            let error = read(wrong.clone()).unwrap_err();
            assert!(matches!(error, IntegrationError::InvalidAnswer { .. }), "{wrong:?}");
        }
    }
}
