//! What puts jobs off that a worker has looked at: budgets, and what their workers lack.
use super::why::{Blocker, Class, Reason};
use chrono::{DateTime, Utc};
use serde_json::Value;
use store::jobs::Why;

/// What a job that runs waits for without giving its slot away, until that is over. What an earlier attempt waited for is nothing to this one.
pub(super) fn in_slot(why: &Why) -> Option<Blocker> {
    let waits = why.snooze.as_ref()?.get("in_slot")?;
    let (since, until) = (time(waits, "since")?, time(waits, "until")?);
    if until <= why.now || why.attempt_started_at.is_none_or(|begun| since < begun) {
        return None;
    }
    let then = format!("It waits in its slot until {}.", show(until));
    Some(budget(why, waits, &then))
}

/// Why it was put off when it ran last.
pub(super) fn snoozed(why: &Why, snooze: &Value) -> Blocker {
    if text(snooze, "reason") == "not_configured" {
        return Blocker {
            reason: Reason::NotConfigured,
            class: Class::Stuck,
            detail: format!(
                "Its worker lacks a setting: {}. It is tried again at {}.",
                text(snooze, "detail"),
                show(why.run_at)
            ),
            since: time(snooze, "since").unwrap_or(why.created_at),
        };
    }
    if text(snooze, "reason") == "unknown_kind" {
        return Blocker {
            reason: Reason::UnknownKind,
            class: Class::Stuck,
            detail: format!(
                "The worker that took it last does not know what it is: {}. It is tried again at {}.",
                text(snooze, "detail"),
                show(why.run_at)
            ),
            since: time(snooze, "since").unwrap_or(why.created_at),
        };
    }
    let count = snooze.get("count").and_then(Value::as_u64).unwrap_or(1);
    let then = format!(
        "It asks again at {}; so far it was put off {count} time(s).",
        show(why.run_at)
    );
    budget(why, snooze, &then)
}

/// What of a credential's budget it waits for; `then`: what it does about that.
fn budget(why: &Why, waits: &Value, then: &str) -> Blocker {
    let (credential, until) = (
        text(waits, "credential"),
        show(time(waits, "until").unwrap_or(why.run_at)),
    );
    let of_installation = waits.get("of_installation").and_then(Value::as_bool).unwrap_or(false);
    let what = match text(waits, "limit") {
        "share" => format!(
            "Other tenants of this installation wait for the credential {credential} too: it is this one's turn at {until}"
        ),
        limit @ ("requests" | "tokens" | "concurrency") if of_installation => {
            let used_up = match limit {
                "requests" => "requests a minute",
                "tokens" => "tokens a minute",
                _ => "calls at once",
            };
            format!(
                "The {used_up} that this installation allows all its tenants together for the credential {credential} are used up until {until}"
            )
        }
        "cost" if of_installation => format!(
            "The money a day that this installation allows all its tenants together for the credential {credential} is spent; the next day begins at {until}"
        ),
        "tokens" => format!("The tokens a minute for the credential {credential} are used up until {until}"),
        "concurrency" => {
            format!("As many calls with the credential {credential} as may be made at once are being made")
        }
        "cost" => format!("The money a day for the credential {credential} is spent; the next day begins at {until}"),
        "vendor" => format!("The other side of the credential {credential} has asked for a pause until {until}"),
        "circuit" => {
            format!("Calls with the credential {credential} failed too often in a row: none is made until {until}")
        }
        "governor" => format!("Redis, which counts the calls with the credential {credential}, cannot be asked"),
        _ => format!("The requests a minute for the credential {credential} are used up until {until}"),
    };
    Blocker {
        reason: if text(waits, "reason") == "budget" {
            Reason::Budget
        } else {
            Reason::RateLimit
        },
        class: Class::Waiting,
        detail: format!(
            "{what} (limit: {}{}). {then}",
            text(waits, "limit"),
            if of_installation { " of the installation" } else { "" },
        ),
        since: time(waits, "since").unwrap_or(why.created_at),
    }
}

fn text<'v>(of: &'v Value, name: &str) -> &'v str {
    of.get(name).and_then(Value::as_str).unwrap_or("?")
}

fn time(of: &Value, name: &str) -> Option<DateTime<Utc>> {
    text(of, name).parse().ok()
}

fn show(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%Y-%m-%d %H:%M:%S UTC")
}
