use crate::error::Problems;
use secrecy::SecretString;
use serde::Deserialize;

/// A Qdrant server or cluster, version 1.12 or later, for the vectors of bases that are too large for the memory of a worker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QdrantSettings {
    /// Its gRPC address. Without, every base keeps its vectors in the workers.
    pub url: Option<String>,
    pub api_key: Option<SecretString>,
    /// Starts the names of our collections, one for each number of dimensions.
    pub collection_prefix: String,
    pub timeout_ms: u64,
    /// Of a collection that is made: how many parts it has; 0 leaves it to the server.
    pub shards: u32,
    /// Of a collection that is made: how many nodes hold each part, and acknowledge each write.
    pub replication_factor: u32,
    /// How often each process compares the number of points of each index with what PostgreSQL has; one that differs is built anew.
    pub compare_interval_secs: u64,
}

impl QdrantSettings {
    /// Why no base can keep its vectors there, if so: a sentence without its full stop.
    #[must_use]
    pub fn unavailable(&self) -> Option<&'static str> {
        self.url
            .is_none()
            .then_some("this installation has no Qdrant server (qdrant.url)")
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let known = self
            .url
            .as_ref()
            .is_none_or(|url| url.starts_with("http://") || url.starts_with("https://"));
        problems.check(known, "qdrant.url", "must start with http:// or https://");
        let plain = !self.collection_prefix.is_empty()
            && self.collection_prefix.len() <= 64
            && self
                .collection_prefix
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        problems.check(
            plain,
            "qdrant.collection_prefix",
            "must be 1 to 64 letters, digits, '-' or '_'",
        );
        problems.check(
            (100..=60_000).contains(&self.timeout_ms),
            "qdrant.timeout_ms",
            "must be 100 to 60000",
        );
        problems.check(self.shards <= 1000, "qdrant.shards", "must be at most 1000");
        problems.check(
            (1..=16).contains(&self.replication_factor),
            "qdrant.replication_factor",
            "must be 1 to 16",
        );
        problems.check(
            (1..=604_800).contains(&self.compare_interval_secs),
            "qdrant.compare_interval_secs",
            "must be 1 to 604800",
        );
    }
}
