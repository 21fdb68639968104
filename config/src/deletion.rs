use crate::error::Problems;
use serde::Deserialize;

/// What becomes of deletions after their rows are gone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletionSettings {
    pub replica_lost_after_hours: u32,
    pub receipt_days: u32,
}

impl DeletionSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(
            (1..=87_600).contains(&self.replica_lost_after_hours),
            "deletion.replica_lost_after_hours",
            "must be 1 to 87600",
        );
        problems.check(
            (1..=36_500).contains(&self.receipt_days),
            "deletion.receipt_days",
            "must be 1 to 36500",
        );
    }
}
