//! Sources, their syncs and what was found at them, in lines.

use serde_json::Value;

use super::Command;
use crate::render::{one_line, or_none};

pub(super) fn text(command: &Command, answered: &Value) -> String {
    let rows = |of: &Value| of.as_array().cloned().unwrap_or_default();
    match command {
        Command::Add(_) | Command::Update(_) => source(answered),
        Command::List { .. } => or_none(rows(answered).iter().map(source).collect()),
        Command::Show { .. } => {
            let syncs = rows(answered.get("syncs").unwrap_or(&Value::Null));
            let syncs: String = syncs
                .iter()
                .map(|sync| {
                    format!(
                        "    {}{}",
                        counts(sync, sync),
                        trouble(sync).map(|why| format!("        {why}\n")).unwrap_or_default()
                    )
                })
                .collect();
            format!("{}{syncs}", source_line(answered))
        }
        Command::Sync { .. } => match answered.get("result").filter(|result| !result.is_null()) {
            Some(result) => sync_result(answered, result),
            None => job(answered),
        },
        Command::Delete { .. } => job(answered),
        Command::Items { .. } => {
            let items = rows(answered.get("data").unwrap_or(&Value::Null));
            let mut lines = or_none(items.iter().map(item).collect());
            if let Some(cursor) = answered.get("next_cursor").and_then(Value::as_str) {
                lines.push_str(&format!("more: --cursor {cursor}\n"));
            }
            lines
        }
    }
}

pub(super) fn field(of: &Value, name: &str) -> String {
    one_line(of.get(name).and_then(Value::as_str).unwrap_or_default(), 300)
}

pub(super) fn number(of: &Value, name: &str) -> i64 {
    of.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// With what is the matter with its latest sync, if something is.
fn source(source: &Value) -> String {
    let trouble = source.pointer("/syncs/0").and_then(trouble);
    let trouble = trouble.map(|why| format!("    {why}\n")).unwrap_or_default();
    format!("{}{trouble}", source_line(source))
}

fn source_line(source: &Value) -> String {
    let urls: Vec<&str> = source
        .pointer("/config/start_urls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let last = match field(source, "last_sync_at") {
        never if never.is_empty() => "never synced".to_owned(),
        at => format!("synced {at}"),
    };
    format!(
        "{}  {}  {last}  {}\n",
        field(source, "id"),
        field(source, "name"),
        one_line(&urls.join(" "), 300)
    )
}

/// Why a sync does not get on, or came to nothing; nothing of one that runs or did what it was for.
fn trouble(sync: &Value) -> Option<String> {
    let error = sync.get("error").filter(|error| !error.is_null());
    let error = error.map(|error| format!(": {}: {}", field(error, "code"), field(error, "message")));
    let error = error.unwrap_or_default();
    let attempt = format!(
        "attempt {} of {}",
        number(sync, "attempt"),
        number(sync, "max_attempts")
    );
    match field(sync, "state").as_str() {
        "retryable" => Some(format!(
            "{attempt} failed{error}; the next at {}",
            field(sync, "run_at")
        )),
        "queued" | "running" if !error.is_empty() => Some(format!("{attempt}; the last failed{error}")),
        ended @ ("dead" | "cancelled") => Some(format!("ended {ended}{error}")),
        _ => None,
    }
}

fn job(job: &Value) -> String {
    let error = job
        .get("error")
        .map(|error| field(error, "message"))
        .unwrap_or_default();
    format!("job {}  {}  {error}\n", field(job, "id"), field(job, "state"))
}

/// One line: of which sync, and its counts.
fn counts(sync: &Value, of: &Value) -> String {
    let dry = if of.get("dry_run").and_then(Value::as_bool) == Some(true) {
        "dry run: "
    } else {
        ""
    };
    format!(
        "{}  {dry}{} found, {} new or changed, {} unchanged, {} skipped, {} failed, {} deleted\n",
        field(sync, "id"),
        number(of, "found"),
        number(of, "ingested"),
        number(of, "unchanged"),
        number(of, "skipped"),
        number(of, "failed"),
        number(of, "deleted"),
    )
}

fn sync_result(job: &Value, result: &Value) -> String {
    let other = field(result, "superseded_by");
    if !other.is_empty() {
        return format!("superseded by {other}; nothing was done: `visualkit jobs show {other}`\n");
    }
    let mut lines = counts(job, result);
    for reason in result.get("reasons").and_then(Value::as_array).into_iter().flatten() {
        lines.push_str(&format!(
            "    {:>6}  {}: {}\n",
            number(reason, "count"),
            field(reason, "status"),
            field(reason, "reason")
        ));
    }
    let withheld = number(result, "deletions_withheld");
    if withheld > 0 {
        lines.push_str(&format!(
            "{withheld} documents were not deleted ({}): look, and run it again with --force-deletions if that is right\n",
            field(result, "deletions_withheld_because")
        ));
    }
    let early = field(result, "ended_early");
    if !early.is_empty() {
        lines.push_str(&format!("ended early: {early}\n"));
    }
    lines
}

/// With what its document failed by, which was submitted all the same.
fn item(item: &Value) -> String {
    let error = item.get("document_error").filter(|error| !error.is_null());
    let failed = error.map(|error| format!("document failed: {}", field(error, "code")));
    format!(
        "{:9}  {}  {}{}\n",
        field(item, "status"),
        field(item, "url"),
        field(item, "reason"),
        failed.unwrap_or_default()
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sync_says_what_it_did_and_what_it_did_not() {
        let job = json!({"id": "j"});
        let result = json!({"found": 4, "ingested": 1, "unchanged": 1, "skipped": 1, "failed": 1, "deleted": 0, "deletions_withheld": 2,
            "deletions_withheld_because": "more_than_half", "reasons": [{"status": "skipped", "reason": "robots", "count": 1}]});
        let text = sync_result(&job, &result);
        assert!(text.starts_with("j  4 found, 1 new or changed, 1 unchanged, 1 skipped, 1 failed, 0 deleted\n"));
        assert!(
            text.contains("skipped: robots") && text.contains("more_than_half"),
            "{text}"
        );
    }

    #[test]
    fn a_sync_that_fails_again_and_again_says_why() {
        let sync = |state: &str, error: Value| json!({"state": state, "attempt": 5, "max_attempts": 10, "run_at": "t", "error": error});
        let away = json!({"code": "robots_unavailable", "message": "The site is away."});
        let expected = "attempt 5 of 10 failed: robots_unavailable: The site is away.; the next at t";
        assert_eq!(trouble(&sync("retryable", away.clone())).unwrap(), expected);
        assert!(source(&json!({"id": "s", "syncs": [sync("retryable", away.clone())]})).contains(expected));
        assert_eq!(
            trouble(&sync("dead", away)).unwrap(),
            "ended dead: robots_unavailable: The site is away."
        );
        assert_eq!(trouble(&sync("running", Value::Null)), None);
        assert_eq!(trouble(&sync("succeeded", Value::Null)), None);
        assert_eq!(trouble(&json!({"state": null})), None, "its job is gone");
    }

    #[test]
    fn a_page_whose_document_failed_says_so() {
        let of =
            |error: Value| item(&json!({"status": "ingested", "url": "u", "reason": null, "document_error": error}));
        assert_eq!(
            of(json!({"code": "no_text"})),
            "ingested   u  document failed: no_text\n"
        );
        assert_eq!(of(Value::Null), "ingested   u  \n");
    }

    #[test]
    fn a_sync_that_another_stood_in_the_way_of_names_the_other() {
        let result = json!({"superseded_by": "other", "found": 0});
        let text = sync_result(&json!({"id": "j"}), &result);
        assert_eq!(
            text,
            "superseded by other; nothing was done: `visualkit jobs show other`\n"
        );
    }
}
