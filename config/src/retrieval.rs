use crate::error::Problems;
use serde::Deserialize;

/// How candidates are found and ranked. See `docs/decisions` for where the defaults come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrievalSettings {
    pub alpha: f32,
    pub candidates: usize,
    pub freshness_wait_ms: u64,
    pub open_replicas: usize,
}

impl RetrievalSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(
            (0.0..=1.0).contains(&self.alpha),
            "retrieval.alpha",
            "must be between 0 and 1",
        );
        problems.check(
            (10..=1000).contains(&self.candidates),
            "retrieval.candidates",
            "must be 10 to 1000",
        );
        problems.check(self.open_replicas >= 1, "retrieval.open_replicas", "must be at least 1");
    }
}
