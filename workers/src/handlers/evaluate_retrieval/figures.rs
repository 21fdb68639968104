use jobs::kinds::{ComparedScore, MeanScore};
use retrieval::evaluation::{Metric, Scores, compare, estimate, judge_loss};
use std::collections::BTreeMap;

type Figures = Vec<BTreeMap<String, MeanScore>>;
type Compared = BTreeMap<String, ComparedScore>;

/// The means of each configuration, and of two the comparison. `rows` has one list of scores a question, one a configuration.
pub(super) fn figures(rows: &[Vec<Scores>], configurations: usize) -> (Figures, Option<Compared>) {
    let column = |configuration: usize, metric: Metric| -> Vec<f64> {
        let scores = rows.iter().filter_map(|row| row.get(configuration));
        scores.map(|scores| metric.of(scores)).collect()
    };
    let means = |configuration| {
        let mean = |metric: Metric| {
            let found = estimate(&column(configuration, metric))?;
            let (mean, ci95) = (found.mean, found.ci95);
            Some((metric.as_str().to_owned(), MeanScore { mean, ci95 }))
        };
        Metric::ALL.into_iter().filter_map(mean).collect()
    };
    let compared = |metric: Metric| {
        let (first, second) = (column(0, metric), column(1, metric));
        let (compared, verdict) = (compare(&first, &second)?, judge_loss(&first, &second, 0.0)?);
        let score = ComparedScore {
            difference: compared.difference.mean,
            ci95: compared.difference.ci95,
            p_value: compared.p_value,
            wins: compared.wins,
            ties: compared.ties,
            losses: compared.losses,
            loses: verdict.loses,
        };
        Some((metric.as_str().to_owned(), score))
    };
    let comparison = (configurations == 2).then(|| Metric::ALL.into_iter().filter_map(compared).collect());
    ((0..configurations).map(means).collect(), comparison)
}
