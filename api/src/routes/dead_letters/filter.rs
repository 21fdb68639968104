use super::replay::Skipped;
use crate::Problem;
use crate::extract::{Cursor, Fields};
use crate::routes::jobs::named::{NO_MATCH, NOT_FOUND, unmatched};
use crate::work::require_kind;
use store::jobs::{DeadFilter, DeadLetter, JobState, NamedJob, dead_letters};
use store::{JobId, TenantTx};
use uuid::Uuid;

/// The most that one request acts on.
const MOST: i64 = 1000;

/// The job has not ended, or ended otherwise.
pub(super) const NOT_DEAD: &str = "not_dead";

/// `all`, `ids` or at least one of them is given: a body that says nothing is more often a mistake than the wish to take everything.
const OTHERS: [&str; 4] = ["kind", "error_code", "failed_after", "failed_before"];

/// Reads which dead letters are meant.
pub(super) fn read_filter(fields: &mut Fields) -> DeadFilter {
    let says_which = std::iter::once(&"ids")
        .chain(&OTHERS)
        .any(|name| !fields.is_absent(name));
    let others = OTHERS.join(", ");
    match (fields.optional_bool("all").unwrap_or(false), says_which) {
        (true, true) => fields.error("all", "conflict", format!("goes with none of ids, {others}")),
        (false, false) => {
            let message = format!("must be given, or at least one of {others}; or `all`: true, for every dead letter");
            fields.error("ids", "required", message);
        }
        _ => {}
    }
    let ids: Vec<Uuid> = fields.optional_ids("ids", 1..=1000).unwrap_or_default();
    let limit = fields.optional_integer("limit", 1..=MOST);
    let before = fields.optional_cursor("cursor").map(JobId);
    DeadFilter {
        kind: fields.optional_text("kind", 1..=100),
        error_code: fields.optional_text("error_code", 1..=100),
        failed_after: fields.optional_time("failed_after"),
        failed_before: fields.optional_time("failed_before"),
        limit: limit.unwrap_or(if ids.is_empty() { 100 } else { MOST }),
        ids: ids.into_iter().map(JobId).collect(),
        before,
    }
}

/// What a filter lets through.
pub(super) struct Found {
    /// As many as the filter's limit says, the newest first.
    pub(super) letters: Vec<DeadLetter>,
    /// Those that were named and are none of them, each with the reason; nothing behind a cursor, where the request before has told.
    pub(super) unmatched: Vec<Skipped>,
    /// Whether more would match.
    pub(super) more: bool,
    pub(super) next_cursor: Option<String>,
}

impl Found {
    /// # Errors
    /// A kind that there is not; [`StoreError::Query`](store::StoreError::Query).
    pub(super) async fn by(tx: &mut TenantTx, mut filter: DeadFilter) -> Result<Self, Problem> {
        let limit = usize::try_from(filter.limit).unwrap_or(0);
        // All that are named are looked for: else those behind the limit could not be told from those that do not match.
        filter.limit = if filter.ids.is_empty() { filter.limit + 1 } else { MOST };
        let mut letters = dead_letters(tx, &filter).await?;
        let is_found = !letters.is_empty() || filter.before.is_some();
        require_kind(filter.kind.as_deref(), is_found, Problem::invalid)?;
        let matched: Vec<JobId> = letters.iter().map(|letter| letter.id).collect();
        let others = match filter.before {
            None => unmatched(tx, &filter.ids, &matched).await?,
            Some(_) => Vec::new(),
        };
        let more = letters.len() > limit;
        letters.truncate(limit);
        Ok(Self {
            next_cursor: letters.last().filter(|_| more).map(|letter| letter.id.0.to_cursor()),
            letters,
            unmatched: others
                .iter()
                .map(|(id, job)| Skipped::of(*id, why_not(job.as_ref())))
                .collect(),
            more,
        })
    }
}

/// Why a job that was named is no dead letter.
fn why_not(job: Option<&NamedJob>) -> &'static str {
    match job {
        None => NOT_FOUND,
        Some(job) if job.state != JobState::Dead => NOT_DEAD,
        Some(job) if job.is_discarded => "discarded",
        Some(_) => NO_MATCH,
    }
}
