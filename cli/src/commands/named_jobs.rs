//! What became of the jobs that were named on the command line.
use serde_json::Value;
use uuid::Uuid;

use super::dead_letters::items;

/// Whether all that was asked for was done; of jobs that were named, each. What was named and is not there, or nothing can be done with, the API has skipped.
pub(super) fn all_done(named: &[Uuid], answer: &Value) -> bool {
    let is_cut = answer.get("next_cursor").is_some_and(Value::is_string);
    let left = is_cut && !named.is_empty();
    !left && items(answer, "skipped").next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_skipped_or_not_looked_at_is_not_done() {
        let named = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let cut = json!({"cancelled": [named[0]], "skipped": [], "next_cursor": "c"});
        assert!(!all_done(&named, &cut));
        assert!(all_done(&[], &cut), "who named none asked for so many at most");
        let whole = json!({"cancelled": [named[0]], "skipped": [], "next_cursor": null});
        assert!(all_done(&named[..1], &whole));
        let skipped =
            json!({"cancelled": [named[0]], "skipped": [{"id": named[1], "reason": "not_found"}], "next_cursor": null});
        assert!(!all_done(&named, &skipped));
    }
}
