use crate::extract::Fields;
use store::JobId;
use store::jobs::DeadFilter;
use uuid::Uuid;

/// The most that one request acts on.
const MOST: i64 = 1000;

/// Reads which dead letters are meant. Nothing given means all of them, up to `limit`.
pub(super) fn read_filter(fields: &mut Fields) -> DeadFilter {
    let ids: Vec<Uuid> = fields.optional_ids("ids", 1..=1000).unwrap_or_default();
    let limit = fields.optional_integer("limit", 1..=MOST);
    let before = fields.optional_id("cursor").map(JobId);
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
