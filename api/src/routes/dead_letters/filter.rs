use crate::extract::Fields;
use store::JobId;
use store::jobs::DeadFilter;
use uuid::Uuid;

/// The most that one request acts on.
const MOST: i64 = 1000;

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
