use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// Up to so many queries that differ, every assignment of signs is looked at.
const EXACT_QUERIES: usize = 16;
const RESAMPLES: u32 = 10_000;
const SEED: u64 = 20_261_128;
/// Sums that differ by less come from rounding.
const EPSILON: f64 = 1e-12;

/// Fisher's paired randomisation test of a mean difference of 0, two-sided: how often a mean this far from 0 comes up when the sign of each
/// query's difference is left to chance. Smucker, Allan and Carterette, "A Comparison of Statistical Significance Tests for Information
/// Retrieval Evaluation", CIKM 2007, recommend it for exactly this.
///
/// Exact for up to 16 queries that differ; beyond that of 10,000 random assignments with a fixed seed, where the observed one counts as one of
/// them (Phipson and Smyth 2010), so that the smallest value is 1/10,001.
pub(super) fn p_value(differences: &[f64]) -> f64 {
    // The sign of nothing changes nothing.
    let differing: Vec<f64> = differences.iter().copied().filter(|d| d.abs() > EPSILON).collect();
    let observed = differing.iter().sum::<f64>().abs();
    let is_as_far = |sum: f64| sum.abs() >= observed - EPSILON;
    if differing.len() <= EXACT_QUERIES {
        let assignments = 1_u32 << differing.len();
        let as_far = (0..assignments).filter(|signs| is_as_far(signed_sum(&differing, |at| signs >> at & 1 == 1)));
        return as_far.count() as f64 / f64::from(assignments);
    }
    let mut random = StdRng::seed_from_u64(SEED);
    let as_far = (0..RESAMPLES)
        .filter(|_| is_as_far(signed_sum(&differing, |_| random.random())))
        .count();
    (as_far as f64 + 1.0) / (f64::from(RESAMPLES) + 1.0)
}

fn signed_sum(differences: &[f64], mut is_negative: impl FnMut(usize) -> bool) -> f64 {
    let signed = |(at, difference): (usize, &f64)| if is_negative(at) { -difference } else { *difference };
    differences.iter().enumerate().map(signed).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sets_are_exact() {
        // Of the 2^5 assignments only the two in which all signs agree are as far out.
        assert_eq!(p_value(&[0.1, 0.2, 0.3, 0.4, 0.5]), 2.0 / 32.0);
        // Sums of (±3 ±2 ±1) as far out as 3 - 2 + 1 = 2: all but 0, which is 3 - 2 - 1 and -3 + 2 + 1.
        assert_eq!(p_value(&[0.3, -0.2, 0.1]), 6.0 / 8.0);
        assert_eq!(p_value(&[0.0, 0.0]), 1.0);
        assert_eq!(p_value(&[]), 1.0);
        // Ties neither help nor harm.
        assert_eq!(p_value(&[0.1, 0.0, 0.2, 0.3, 0.0, 0.4, 0.5]), 2.0 / 32.0);
    }

    #[test]
    fn sampled_values_are_near_the_exact_binomial() {
        // 20 queries of equal size, 15 one way: the two-sided sign test, 2 · P(X ≥ 15) = 0.041389 for X ~ B(20, 1/2).
        let differences: Vec<f64> = (0..20).map(|n| if n < 15 { 0.1 } else { -0.1 }).collect();
        let p = p_value(&differences);
        assert!((p - 0.041_389).abs() < 0.006, "{p}");
        assert_eq!(p, p_value(&differences));
        assert!(p_value(&[0.1; 40]) < 0.001);
    }
}
