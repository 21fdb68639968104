use crate::error::Problems;
use serde::Deserialize;

/// How a hybrid search makes one score of two, unless the search says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FusionMethod {
    /// `alpha` of the cosine, the rest of BM25 as a share of what it can come to.
    Weighted,
    /// Reciprocal rank fusion, k = 60.
    Rrf,
}

/// How candidates are found and ranked. See `docs/decisions` for where the defaults come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrievalSettings {
    pub fusion: FusionMethod,
    pub alpha: f32,
    /// In place of `alpha` where the base's model does not read the base's language.
    pub alpha_other_languages: f32,
    pub candidates: usize,
    /// What orders results where a search asks for it and its bases name none; empty for none.
    pub reranker: String,
    /// Whether searches and answers that say nothing, of bases that say nothing, are reranked.
    pub rerank: bool,
    pub rerank_candidates: usize,
    pub rerank_timeout_ms: u64,
    pub freshness_wait_ms: u64,
    pub open_replicas: usize,
    pub replica_memory_mb: u64,
    pub replica_disk_mb: u64,
    pub refresh_interval_secs: u64,
    /// How often it is written down how far a replica is that is being built.
    pub progress_interval_ms: u64,
    /// How many processes are to have each searched base open, where they have room.
    pub copies: usize,
}

impl RetrievalSettings {
    /// Visited less often, replicas of bases that do not change would be taken for silent ones.
    pub const REFRESH_INTERVAL_SECS_MAX: u64 = 30;

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(
            (0.0..=1.0).contains(&self.alpha),
            "retrieval.alpha",
            "must be between 0 and 1",
        );
        problems.check(
            (0.0..=1.0).contains(&self.alpha_other_languages),
            "retrieval.alpha_other_languages",
            "must be between 0 and 1",
        );
        problems.check(
            (10..=1000).contains(&self.candidates),
            "retrieval.candidates",
            "must be 10 to 1000",
        );
        problems.check(
            (1..=200).contains(&self.rerank_candidates),
            "retrieval.rerank_candidates",
            "must be 1 to 200",
        );
        problems.check(
            (100..=30_000).contains(&self.rerank_timeout_ms),
            "retrieval.rerank_timeout_ms",
            "must be 100 to 30000",
        );
        problems.check(
            (1..=Self::REFRESH_INTERVAL_SECS_MAX).contains(&self.refresh_interval_secs),
            "retrieval.refresh_interval_secs",
            "must be 1 to 30",
        );
        problems.check(
            self.progress_interval_ms <= 60_000,
            "retrieval.progress_interval_ms",
            "must be 0 to 60000",
        );
        problems.check(
            self.replica_memory_mb >= 1,
            "retrieval.replica_memory_mb",
            "must be at least 1",
        );
        problems.check(
            self.replica_disk_mb >= 1,
            "retrieval.replica_disk_mb",
            "must be at least 1",
        );
        problems.check(self.open_replicas >= 1, "retrieval.open_replicas", "must be at least 1");
        problems.check((1..=16).contains(&self.copies), "retrieval.copies", "must be 1 to 16");
    }
}
