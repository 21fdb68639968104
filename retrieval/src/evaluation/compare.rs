use super::estimate::{Estimate, estimate, mean};
use super::randomisation::p_value;

/// Below this a difference is called significant.
pub const SIGNIFICANCE: f64 = 0.05;

/// Scores that are this near are a tie.
const TIE: f64 = 1e-9;

/// The second of two rankers against the first, over the same queries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Second less first, query by query, with the interval of that mean.
    pub difference: Estimate,
    /// Of the paired randomisation test, two-sided.
    pub p_value: f64,
    /// Queries where the second is better, as good, and worse.
    pub wins: usize,
    pub ties: usize,
    pub losses: usize,
}

/// Compares two rankers by one metric; the same query stands at the same place in both. `None` without queries, or when the two do not have
/// the same number of them.
#[must_use]
pub fn compare(first: &[f64], second: &[f64]) -> Option<Comparison> {
    let differences = differences(first, second)?;
    let count = |is: fn(f64) -> bool| differences.iter().filter(|difference| is(**difference)).count();
    Some(Comparison {
        difference: estimate(&differences)?,
        p_value: p_value(&differences),
        wins: count(|difference| difference > TIE),
        ties: count(|difference| difference.abs() <= TIE),
        losses: count(|difference| difference < -TIE),
    })
}

/// Whether a change loses more than it may.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    pub loses: bool,
    /// The mean of second less first.
    pub difference: f64,
    /// Of the test that the loss is no more than what is allowed, two-sided.
    pub p_value: f64,
}

/// Judges whether the second ranker loses significantly against the first: the mean of its scores is lower by more than `max_loss`, and the
/// paired randomisation test of that excess (of second less first plus `max_loss`, query by query) has p below [`SIGNIFICANCE`]. A set of
/// fewer than six queries therefore never shows a loss. `None` as with [`compare`].
#[must_use]
pub fn judge_loss(first: &[f64], second: &[f64], max_loss: f64) -> Option<Verdict> {
    let differences = differences(first, second)?;
    let excess: Vec<f64> = differences.iter().map(|difference| difference + max_loss).collect();
    let p_value = p_value(&excess);
    Some(Verdict {
        loses: mean(&excess) < 0.0 && p_value < SIGNIFICANCE,
        difference: mean(&differences),
        p_value,
    })
}

fn differences(first: &[f64], second: &[f64]) -> Option<Vec<f64>> {
    let paired = first.len() == second.len() && !first.is_empty();
    paired.then(|| first.iter().zip(second).map(|(first, second)| second - first).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Scores that differ much from query to query.
    fn uneven(shift: f64) -> Vec<f64> {
        (0..30).map(|n| f64::from(n * 7 % 11) / 20.0 + shift).collect()
    }

    #[test]
    fn wins_ties_and_losses_are_the_seconds() {
        let compared = compare(&[0.5, 0.5, 0.5, 0.5], &[0.6, 0.5, 0.1, 0.2]).unwrap();
        assert_eq!((compared.wins, compared.ties, compared.losses), (1, 1, 2));
        assert!((compared.difference.mean + 0.15).abs() < 1e-12);
    }

    #[test]
    fn the_interval_of_a_difference_is_that_of_pairs() {
        // Each query loses 0.02, while the queries themselves differ by 0.5: unpaired, that would drown.
        let compared = compare(&uneven(0.02), &uneven(0.0)).unwrap();
        let [low, high] = compared.difference.ci95;
        assert!((low + 0.02).abs() < 1e-9 && (high + 0.02).abs() < 1e-9, "{compared:?}");
        assert!(compared.p_value < 0.001);
    }

    #[test]
    fn a_loss_counts_only_when_it_is_sure_and_beyond_what_is_allowed() {
        let verdict = |second: &[f64], max_loss| judge_loss(&uneven(0.0), second, max_loss).unwrap();
        assert!(verdict(&uneven(-0.02), 0.0).loses);
        assert!(verdict(&uneven(-0.02), 0.01).loses);
        assert!(!verdict(&uneven(-0.02), 0.03).loses, "it may lose that much");
        assert!(!verdict(&uneven(0.02), 0.0).loses, "a gain is no loss, however sure");
        let one_query: Vec<f64> = uneven(0.0)
            .iter()
            .enumerate()
            .map(|(at, score)| if at == 3 { score - 0.3 } else { *score })
            .collect();
        let luck = verdict(&one_query, 0.0);
        assert!(luck.difference < 0.0 && !luck.loses, "{luck:?}");
    }

    #[test]
    fn fewer_than_six_queries_show_nothing() {
        assert!(!judge_loss(&[1.0; 5], &[0.0; 5], 0.0).unwrap().loses);
        assert!(judge_loss(&[1.0; 6], &[0.0; 6], 0.0).unwrap().loses);
    }

    #[test]
    fn unpaired_measurements_are_not_compared() {
        assert_eq!(compare(&[], &[]), None);
        assert_eq!(compare(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(judge_loss(&[1.0], &[], 0.0), None);
    }
}
