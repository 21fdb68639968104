use crate::{Kind, Pool, RetryPolicy};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::SourceId;
use utoipa::ToSchema;

/// Looks at a source, and brings the documents that come from it up to date.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSource {
    pub source_id: SourceId,
    /// Look, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Delete also where a sync would think better of it.
    #[serde(default)]
    pub force_deletions: bool,
}

impl Kind for SyncSource {
    const NAME: &'static str = "sync_source";
    const POOL: Pool = Pool::General;
    /// A long crawl outlives deployments, each of which may cost an attempt.
    const RETRY: RetryPolicy = RetryPolicy {
        max_attempts: 10,
        base: Duration::from_secs(2),
        cap: Duration::from_mins(10),
    };
    const SUBMIT_SCOPE: Option<&'static str> = Some("knowledge:write");

    fn source(&self) -> Option<SourceId> {
        Some(self.source_id)
    }
}

/// What a sync did; of a dry run, what it would have done.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SyncedSource {
    pub dry_run: bool,
    /// Another sync of the source was running: nothing was done.
    pub superseded_by: Option<uuid::Uuid>,
    /// Addresses that were looked at, or are left to look at.
    pub found: i32,
    /// Of those, how many the syncs before had looked at, which ran out of time: this one went on from there.
    #[serde(default)]
    pub continued: i32,
    pub fetched: i32,
    pub unchanged: i32,
    /// New or changed pages that were submitted; their own jobs say what came of them.
    pub ingested: i32,
    pub skipped: i32,
    pub failed: i32,
    pub deleted: i32,
    /// Documents that were not deleted although their pages are gone, or seem to be; `deletions_withheld_because` says why.
    pub deletions_withheld: i64,
    /// `ended_early`, `incomplete` or `more_than_half`.
    pub deletions_withheld_because: Option<String>,
    /// Whether all was seen that there is: nothing failed that could lead to more, and no limit cut it off.
    pub complete: bool,
    /// `time_limit`, or `put_off`: it would have had to wait for longer than it may take.
    pub ended_early: Option<String>,
    /// Why addresses were skipped or failed, the most frequent first.
    pub reasons: Vec<SyncReason>,
}

/// How many addresses ended in one way.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SyncReason {
    /// `skipped`, `failed` or `gone`.
    pub status: String,
    pub reason: String,
    pub count: i64,
}
