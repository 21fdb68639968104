use crate::error::Problems;
use serde::Deserialize;

/// How many jobs each pool of a process runs at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerSettings {
    pub ingest: usize,
    pub retrieval: usize,
    pub general: usize,
    pub delivery: usize,
    pub ingest_reserved: usize,
    pub retrieval_reserved: usize,
    pub general_reserved: usize,
    pub delivery_reserved: usize,
    pub drain_secs: u64,
}

impl WorkerSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        for (key, jobs) in [
            ("workers.ingest", self.ingest),
            ("workers.retrieval", self.retrieval),
            ("workers.general", self.general),
            ("workers.delivery", self.delivery),
        ] {
            problems.check((1..=1000).contains(&jobs), key, "must be 1 to 1000");
        }
        for (key, jobs) in [
            ("workers.ingest_reserved", self.ingest_reserved),
            ("workers.retrieval_reserved", self.retrieval_reserved),
            ("workers.general_reserved", self.general_reserved),
            ("workers.delivery_reserved", self.delivery_reserved),
        ] {
            problems.check(jobs <= 1000, key, "must be at most 1000");
        }
    }
}
