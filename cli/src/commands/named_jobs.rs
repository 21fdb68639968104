//! What became of the jobs that were named on the command line.
use serde_json::{Value, json};
use uuid::Uuid;

use super::dead_letters::items;

/// Those that the answer does not speak of: the API passes over what does not match, a mistyped id as well.
/// With `next_cursor` or behind a cursor it has not looked at all of them, and nothing can be said.
pub(super) fn not_found(named: &[Uuid], cursor: Option<&str>, answer: &Value) -> Vec<Uuid> {
    if cursor.is_some() || is_cut(answer) {
        return Vec::new();
    }
    let lists = ["replayed", "discarded", "cancelled", "stopping", "skipped"];
    let spoken_of: Vec<&str> = lists
        .into_iter()
        .flat_map(|list| items(answer, list))
        .filter_map(|job| job.get("id").unwrap_or(job).as_str())
        .collect();
    let mut missing: Vec<Uuid> = Vec::new();
    for id in named {
        if !spoken_of.contains(&id.to_string().as_str()) && !missing.contains(id) {
            missing.push(*id);
        }
    }
    missing
}

/// Whether all that was asked for was done; of jobs that were named, each.
pub(super) fn all_done(named: &[Uuid], missing: &[Uuid], answer: &Value) -> bool {
    let left = !named.is_empty() && is_cut(answer);
    missing.is_empty() && !left && items(answer, "skipped").next().is_none()
}

/// A line for each that was not found.
pub(super) fn not_found_text(missing: &[Uuid], why: &str) -> String {
    missing.iter().map(|id| format!("not found  {id}: {why}\n")).collect()
}

/// The answer, with those that were not found as `not_found`.
pub(super) fn with_not_found(mut answer: Value, missing: &[Uuid]) -> Value {
    if let Some(fields) = answer.as_object_mut().filter(|_| !missing.is_empty()) {
        fields.insert("not_found".to_owned(), json!(missing));
    }
    answer
}

fn is_cut(answer: &Value) -> bool {
    answer.get("next_cursor").is_some_and(Value::is_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [Uuid; 3] = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];

    #[test]
    fn a_named_job_that_is_in_no_list_was_not_found() {
        let [replayed, skipped, typo] = IDS;
        let answer = json!({"replayed": [replayed], "skipped": [{"id": skipped, "reason": "r"}], "next_cursor": null});
        let missing = not_found(&[typo, replayed, skipped, typo], None, &answer);
        assert_eq!(missing, [typo]);
        assert_eq!(
            not_found_text(&missing, "not among the dead"),
            format!("not found  {typo}: not among the dead\n")
        );
        assert_eq!(with_not_found(json!({}), &missing), json!({"not_found": [typo]}));
    }

    #[test]
    fn what_was_not_looked_at_is_left_and_not_missing() {
        let cut = json!({"cancelled": [IDS[0]], "next_cursor": "c"});
        assert!(not_found(&IDS, None, &cut).is_empty());
        assert!(!all_done(&IDS, &[], &cut));
        assert!(all_done(&[], &[], &cut), "who named none asked for so many at most");
        let rest = json!({"cancelled": [IDS[1]], "next_cursor": null});
        assert!(not_found(&IDS, Some("c"), &rest).is_empty());
    }
}
