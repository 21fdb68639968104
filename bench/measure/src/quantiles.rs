use serde::Serialize;

/// Nearest-rank quantiles of some durations, in milliseconds; `None` of none.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Quantiles {
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    pub max: Option<f64>,
    pub n: usize,
}

impl Quantiles {
    #[must_use]
    pub fn of(mut times_ms: Vec<f64>) -> Self {
        times_ms.sort_by(f64::total_cmp);
        let n = times_ms.len();
        let at = |quantile: f64| {
            let rank = (quantile * n as f64).ceil().max(1.0) as usize;
            times_ms.get(rank - 1).map(|ms| (ms * 1e3).round() / 1e3)
        };
        Self {
            p50: at(0.5),
            p99: at(0.99),
            max: at(1.0),
            n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let quantiles = Quantiles::of((1..=200).rev().map(f64::from).collect());
        assert_eq!(quantiles.p50, Some(100.0));
        assert_eq!(quantiles.p99, Some(198.0));
        assert_eq!(quantiles.max, Some(200.0));
    }

    #[test]
    fn of_nothing_there_are_no_quantiles() {
        let quantiles = Quantiles::of(Vec::new());
        assert_eq!((quantiles.p50, quantiles.n), (None, 0));
    }
}
