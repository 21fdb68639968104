//! Evaluations as tables that a person can read.
use retrieval::evaluation::Metric;
use serde_json::Value;

use crate::render::{number_of, one_line};

/// The state, the figures of each configuration and, of two, how they compare.
pub(crate) fn evaluation(evaluation: &Value) -> String {
    let text = |name: &str| one_line(evaluation.get(name).and_then(Value::as_str).unwrap_or_default(), 60);
    let mut lines = format!("evaluation {}  {}\n", text("id"), text("state"));
    for (name, configuration) in ["A", "B"].iter().zip(rows(evaluation.get("configurations"))) {
        lines.push_str(&format!("{name}: {}\n", said(configuration)));
    }
    let Some(result) = evaluation.get("result").filter(|result| !result.is_null()) else {
        return lines;
    };
    lines.push_str(&format!(
        "{}, {} left out as not judged or without a relevant document\n",
        number_of(count(result, "questions"), "question"),
        count(result, "left_out")
    ));
    if result.get("index_changed").and_then(Value::as_bool) == Some(true) {
        lines.push_str("documents changed while it ran\n");
    }
    let changes = count(evaluation, "head_seq").saturating_sub(count(evaluation, "index_seq"));
    if changes > 0 {
        lines.push_str(&format!(
            "{} of the base since it began\n",
            number_of(changes, "change")
        ));
    }
    lines.push_str("             mean     95 % interval\n");
    for (name, figures) in ["A", "B"].iter().zip(rows(result.get("figures"))) {
        for metric in Metric::ALL {
            let Some(figure) = figures.get(metric.as_str()) else {
                continue;
            };
            let (low, high) = interval(figure);
            lines.push_str(&format!(
                "{name} {:9}  {:.4}   {low:.4} to {high:.4}\n",
                metric.as_str(),
                number(figure, "mean")
            ));
        }
    }
    lines.push_str(&comparison(evaluation));
    lines
}

/// How the second configuration compares with the first; nothing where there is one only.
pub(crate) fn comparison(evaluation: &Value) -> String {
    let Some(compared) = evaluation
        .pointer("/result/comparison")
        .filter(|compared| !compared.is_null())
    else {
        return String::new();
    };
    let mut lines = "B less A     mean      95 % interval        p        better  as good  worse\n".to_owned();
    for metric in Metric::ALL {
        let Some(score) = compared.get(metric.as_str()) else {
            continue;
        };
        let (low, high) = interval(score);
        let verdict = if score.get("loses").and_then(Value::as_bool) == Some(true) {
            "  B loses"
        } else {
            ""
        };
        lines.push_str(&format!(
            "{:9}  {:+.4}   {low:+.4} to {high:+.4}   {:.4}   {:6}  {:7}  {:5}{verdict}\n",
            metric.as_str(),
            number(score, "difference"),
            number(score, "p_value"),
            count(score, "wins"),
            count(score, "ties"),
            count(score, "losses"),
        ));
    }
    lines
}

/// The questions by nDCG@10: what B loses most on first.
pub(crate) fn question_table(questions: &[Value], most: usize) -> String {
    let score = |question: &Value, at: usize| {
        let scores = rows(question.get("scores")).get(at);
        scores.map_or(0.0, |scores| number(scores, Metric::NdcgAt10.as_str()))
    };
    let mut ordered: Vec<(f64, f64, &Value)> = questions
        .iter()
        .map(|question| (score(question, 0), score(question, 1), question))
        .collect();
    ordered.sort_by(|(a, b, _), (c, d, _)| (b - a).total_cmp(&(d - c)));
    let mut lines = "nDCG@10 of A  of B    B less A  question\n".to_owned();
    for (first, second, question) in ordered.into_iter().take(most) {
        let query = question.get("query").and_then(Value::as_str).unwrap_or_default();
        lines.push_str(&format!(
            "{first:12.4}  {second:.4}   {:+.4}  {}\n",
            second - first,
            one_line(query, 100)
        ));
    }
    lines
}

fn rows(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What is set of a configuration, `name value`.
fn said(configuration: &Value) -> String {
    let fields = configuration.as_object().into_iter().flatten();
    let said = fields.filter(|(_, value)| !value.is_null()).map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name} {value}")
    });
    one_line(&said.collect::<Vec<_>>().join(", "), 300)
}

fn number(of: &Value, name: &str) -> f64 {
    of.get(name).and_then(Value::as_f64).unwrap_or_default()
}

fn count(of: &Value, name: &str) -> u64 {
    of.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn interval(of: &Value) -> (f64, f64) {
    match rows(of.get("ci95")) {
        [low, high] => (low.as_f64().unwrap_or_default(), high.as_f64().unwrap_or_default()),
        _ => (0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_comparison_says_who_loses_and_where() {
        let compared = json!({"ndcg@10": {"difference": -0.25, "ci95": [-0.4, -0.1], "p_value": 0.002, "wins": 1, "ties": 2, "losses": 9,
            "loses": true}});
        let figures =
            json!([{"ndcg@10": {"mean": 0.75, "ci95": [0.6, 0.9]}}, {"ndcg@10": {"mean": 0.5, "ci95": [0.4, 0.6]}}]);
        let shown = evaluation(&json!({"id": "e", "state": "succeeded", "index_seq": 8, "head_seq": 10,
            "configurations": [{"mode": "hybrid", "alpha": 0.8, "recency": null}, {"mode": "keyword"}],
            "result": {"questions": 12, "left_out": 1, "index_changed": false, "figures": figures, "comparison": compared}}));
        assert!(
            shown.contains("A: alpha 0.8, mode hybrid\nB: mode keyword\n"),
            "{shown}"
        );
        assert!(shown.contains("\n2 changes of the base since it began\n"), "{shown}");
        assert!(shown.contains("B ndcg@10    0.5000   0.4000 to 0.6000\n"), "{shown}");
        assert!(
            shown.contains("ndcg@10    -0.2500   -0.4000 to -0.1000   0.0020        1        2      9  B loses\n"),
            "{shown}"
        );
        let questions = [
            json!({"query": "same", "scores": [{"ndcg@10": 1.0}, {"ndcg@10": 1.0}]}),
            json!({"query": "worse", "scores": [{"ndcg@10": 1.0}, {"ndcg@10": 0.5}]}),
        ];
        let table = question_table(&questions, 1);
        assert!(table.ends_with("1.0000  0.5000   -0.5000  worse\n"), "{table}");
    }
}
