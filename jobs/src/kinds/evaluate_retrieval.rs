use super::{FusionMethod, Recency, SearchMode};
use crate::{Kind, Pool};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use store::TestSetId;
use utoipa::ToSchema;

/// Runs the questions of a test set under one or two search configurations, and says how good what they find is. Its evaluation has its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EvaluateRetrieval {
    pub test_set_id: TestSetId,
    /// One, or two that are compared: the second against the first.
    pub configurations: Vec<SearchConfiguration>,
}

impl Kind for EvaluateRetrieval {
    const NAME: &'static str = "evaluate_retrieval";
    const POOL: Pool = Pool::General;
    /// 2: `heading_boost`, 3: `min_similarity`, without which a worker of before would score another search than it is asked for; 4: `ranking`, of which it has another.
    const VERSION: i16 = 4;
    const STEPS: &'static [&'static str] = &["index", "ask", "score"];
}

/// Rises when a release ranks otherwise by the same settings. 2: keyword scores as a share of what the query's words can come to (docs/decisions/005).
pub const RANKING: u16 = 2;

/// How to search, with nothing left open: what a base or the installation says later changes nothing of it. The fields are those of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchConfiguration {
    /// Of the index that is searched: the base's, or while it is migrated the other; null in evaluations from before there could be another.
    #[serde(default)]
    #[schema(required = true)]
    pub embedding_model: Option<String>,
    /// Of the same index: `embedded` or `qdrant`; null in evaluations from before they said so.
    #[serde(default)]
    #[schema(required = true)]
    pub vector_store: Option<String>,
    pub mode: SearchMode,
    pub fusion: FusionMethod,
    /// The vector leg's share of a weighted score, 0 to 1; null with `rrf`.
    #[schema(required = true)]
    #[serde(serialize_with = "short_if_any")]
    pub alpha: Option<f32>,
    /// What a match in the title adds to the keyword score.
    #[serde(serialize_with = "short")]
    pub title_boost: f32,
    /// What a match in the headings above a chunk adds to it; 0 in evaluations from before there was one.
    #[serde(default, serialize_with = "short")]
    pub heading_boost: f32,
    /// How like the query what is found must be at least; null leaves nothing out.
    #[schema(required = true)]
    #[serde(default, serialize_with = "short_if_any")]
    pub min_similarity: Option<f32>,
    /// How many chunks each leg proposes.
    pub candidates: usize,
    /// Which one orders what is found anew; null: none does.
    #[schema(required = true)]
    pub reranker: Option<String>,
    /// How many of the best it is given.
    pub rerank_candidates: usize,
    pub tolerate_typos: bool,
    #[schema(required = true)]
    pub recency: Option<Recency>,
    /// Rises when a release ranks otherwise by the same settings: what was evaluated before says nothing of how the base is searched now. 1 in evaluations from before there was another.
    #[serde(default = "first_ranking")]
    pub ranking: u16,
}

fn first_ranking() -> u16 {
    1
}

/// As it was given: 0.6, and not the digits that 0.6 has in more places than it was kept in.
fn short<S: Serializer>(number: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    let digits = number.to_string();
    serializer.serialize_f64(digits.parse().unwrap_or(f64::from(*number)))
}

fn short_if_any<S: Serializer>(number: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => short(number, serializer),
        None => serializer.serialize_none(),
    }
}

/// What an evaluation found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EvaluatedRetrieval {
    /// Those that were scored.
    pub questions: usize,
    /// Those that nobody has judged, or that nothing is relevant to.
    pub left_out: usize,
    /// Whether documents changed while the questions were asked.
    pub index_changed: bool,
    /// One a configuration: by metric, the mean over the questions.
    pub figures: Vec<BTreeMap<String, MeanScore>>,
    /// With two configurations: by metric, the second against the first.
    #[schema(required = true)]
    pub comparison: Option<BTreeMap<String, ComparedScore>>,
}

/// A mean over questions.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct MeanScore {
    pub mean: f64,
    /// The percentile bootstrap interval over the questions, 95 %.
    pub ci95: [f64; 2],
}

/// The second configuration against the first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct ComparedScore {
    /// The mean of second less first, question by question.
    pub difference: f64,
    /// The percentile bootstrap interval of it, 95 %.
    pub ci95: [f64; 2],
    /// Of the paired randomisation test, two-sided.
    pub p_value: f64,
    /// Questions where the second is better, as good, and worse.
    pub wins: usize,
    pub ties: usize,
    pub losses: usize,
    /// Whether the second is worse, and that is significant at 5 %.
    pub loses: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_configuration_is_written_with_the_numbers_that_were_given() {
        let written = json!({"embedding_model": null, "vector_store": null, "mode": "hybrid", "fusion": "weighted", "alpha": 0.6, "title_boost": 0.3, "heading_boost": 0.1, "min_similarity": 0.2,
            "candidates": 100, "reranker": null, "rerank_candidates": 30, "tolerate_typos": true, "recency": null, "ranking": 2});
        let configuration: SearchConfiguration = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(configuration).unwrap(), written);
    }

    #[test]
    fn what_was_evaluated_before_a_release_ranked_otherwise_is_another_configuration() {
        let mut written = json!({"mode": "hybrid", "fusion": "weighted", "alpha": 0.6, "title_boost": 0.3, "candidates": 100, "reranker": null, "rerank_candidates": 30,
            "tolerate_typos": true, "recency": null});
        let before: SearchConfiguration = serde_json::from_value(written.clone()).unwrap();
        written["ranking"] = json!(RANKING);
        let now: SearchConfiguration = serde_json::from_value(written).unwrap();
        assert!(before != now && before.ranking == 1);
    }
}
