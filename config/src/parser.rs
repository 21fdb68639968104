use crate::error::Problems;
use serde::Deserialize;

/// What the process that parses a document may take; see `docs/decisions/020-parsing-in-a-child-process.md`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParserSettings {
    /// Of the process, beside its code and stack.
    pub memory_mb: u64,
    /// By the clock; as much on the processor.
    pub timeout_ms: u64,
    /// Of text with its headings, as it comes back.
    pub output_mb: usize,
}

impl ParserSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(
            (16..=65_536).contains(&self.memory_mb),
            "parser.memory_mb",
            "must be 16 to 65536",
        );
        problems.check(
            (1..=3_600_000).contains(&self.timeout_ms),
            "parser.timeout_ms",
            "must be 1 to 3600000",
        );
        problems.check(
            (1..=1024).contains(&self.output_mb),
            "parser.output_mb",
            "must be 1 to 1024",
        );
    }
}
