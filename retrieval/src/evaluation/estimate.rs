//! How sure a mean over queries is.
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

const RESAMPLES: usize = 10_000;
/// Fixed, so that the same measurements give the same interval.
const SEED: u64 = 20_261_123;

/// A mean with its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub mean: f64,
    pub ci95: [f64; 2],
}

/// The mean over the queries with the percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13): 10,000 resamples of the queries,
/// fixed seed. Of a comparison, give the differences query by query: then the interval is that of the paired difference. `None` without
/// queries.
#[must_use]
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    if values.is_empty() {
        return None;
    }
    let mut random = StdRng::seed_from_u64(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES).map(|_| resampled_mean(values, &mut random)).collect();
    means.sort_by(f64::total_cmp);
    // The 2.5th and 97.5th percentile of 10,000 sorted means.
    let (low, high) = (means.get(RESAMPLES / 40)?, means.get(RESAMPLES - 1 - RESAMPLES / 40)?);
    Some(Estimate {
        mean: mean(values),
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
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
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
    fn a_constant_has_no_spread() {
        let found = estimate(&[0.25; 40]).unwrap();
        assert_eq!((found.mean, found.ci95), (0.25, [0.25, 0.25]));
        assert_eq!(estimate(&[]), None);
    }

    #[test]
    fn the_interval_is_that_of_the_normal_approximation_for_many_queries() {
        // Half of the values 0, half 1: mean 0.5, standard error 0.5 / sqrt(400) = 0.025, so 0.5 ± 0.049.
        let values: Vec<f64> = (0..400).map(|n| f64::from(n % 2)).collect();
        let found = estimate(&values).unwrap();
        assert!((found.mean - 0.5).abs() < 1e-12);
        assert!((found.ci95[0] - 0.451).abs() < 0.004, "{found:?}");
        assert!((found.ci95[1] - 0.549).abs() < 0.004, "{found:?}");
    }

    #[test]
    fn the_same_measurements_give_the_same_interval() {
        let values: Vec<f64> = (0..50).map(|n| f64::from(n * 7 % 11) / 11.0).collect();
        assert_eq!(estimate(&values), estimate(&values));
    }
}
