//! How sure a difference between two rankers is.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;

const RESAMPLES: usize = 10_000;
/// Fixed, so that the same measurements give the same interval.
const SEED: u64 = 20_261_123;

/// A mean difference with its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Difference {
    #[serde(rename = "ndcg@10")]
    pub(crate) mean: f64,
    pub(crate) ci95: [f64; 2],
}

/// The mean of `a - b` over the queries (paired: the same query at the same place), with the percentile bootstrap
/// interval over queries (Efron and Tibshirani 1993, chapter 13): 10,000 resamples, fixed seed. `None` without queries
/// or when the two do not have the same number of them.
pub(crate) fn paired_difference(a: &[f64], b: &[f64]) -> Option<Difference> {
    if a.is_empty() || a.len() != b.len() {
        return None;
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let mut random = StdRng::seed_from_u64(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| resampled_mean(&differences, &mut random))
        .collect();
    means.sort_by(f64::total_cmp);
    // The 2.5th and 97.5th percentile of 10,000 sorted means.
    let (low, high) = (means.get(RESAMPLES / 40)?, means.get(RESAMPLES - 1 - RESAMPLES / 40)?);
    Some(Difference {
        mean: mean(&differences),
        ci95: [*low, *high],
    })
}

fn resampled_mean(values: &[f64], random: &mut StdRng) -> f64 {
    let sum: f64 = (0..values.len())
        .filter_map(|_| values.get(random.random_range(0..values.len())))
        .sum();
    sum / values.len() as f64
}

/// The arithmetic mean; 0 of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        0.0
    } else {
        values.iter().sum::<f64>() / values.len() as f64
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_constant_difference_has_no_spread() {
        let difference = paired_difference(&[0.75; 40], &[0.5; 40]).unwrap();
        assert_eq!(
            difference,
            Difference {
                mean: 0.25,
                ci95: [0.25, 0.25]
            }
        );
    }

    #[test]
    fn the_interval_is_that_of_the_normal_approximation_for_many_queries() {
        // Half of the differences 0, half 1: mean 0.5, standard error 0.5 / sqrt(400) = 0.025, so 0.5 ± 0.049.
        let a: Vec<f64> = (0..400).map(|n| f64::from(n % 2)).collect();
        let difference = paired_difference(&a, &[0.0; 400]).unwrap();
        assert!((difference.mean - 0.5).abs() < 1e-12);
        assert!((difference.ci95[0] - 0.451).abs() < 0.004, "{difference:?}");
        assert!((difference.ci95[1] - 0.549).abs() < 0.004, "{difference:?}");
    }

    #[test]
    fn the_same_measurements_give_the_same_interval() {
        let a: Vec<f64> = (0..50).map(|n| f64::from(n * 7 % 11) / 11.0).collect();
        assert_eq!(paired_difference(&a, &[0.3; 50]), paired_difference(&a, &[0.3; 50]));
    }

    #[test]
    fn unpaired_measurements_have_no_difference() {
        assert_eq!(paired_difference(&[], &[]), None);
        assert_eq!(paired_difference(&[1.0], &[1.0, 2.0]), None);
    }
}
