//! Requests that act on all jobs that match, a thousand at a time.
use super::dead_letters::items;
use crate::client::Client;
use reqwest::Method;
use serde_json::{Map, Value, json};

/// The most that one request acts on.
const MOST: u32 = 1000;

const LISTS: [&str; 6] = ["replayed", "discarded", "cancelled", "stopping", "skipped", "preview"];

/// Sends the request, and again behind what was looked at until nothing is left, unless it says itself how many. Returns one answer for all of them, and why it could not go
/// on, where something had been done before: that must be told too.
///
/// # Errors
/// Of the first request.
pub(super) async fn send_all(
    client: &Client,
    path: &[&str],
    mut body: Map<String, Value>,
) -> anyhow::Result<(Value, Option<anyhow::Error>)> {
    let is_limited = body.contains_key("limit");
    if !is_limited {
        body.insert("limit".to_owned(), json!(MOST));
    }
    let mut all: Option<Value> = None;
    loop {
        let send = || client.request(Method::POST, path).json(&body);
        let answered: Value = match (client.call(send).await, all.take()) {
            (Ok((_, answered)), None) => answered,
            (Ok((_, answered)), Some(before)) => joined(before, answered),
            (Err(error), None) => return Err(error.into()),
            (Err(error), Some(before)) => return Ok((before, Some(error.into()))),
        };
        match answered.get("next_cursor").and_then(Value::as_str) {
            Some(cursor) if !is_limited => {
                body.insert("cursor".to_owned(), json!(cursor));
                all = Some(answered);
            }
            _ => return Ok((answered, None)),
        }
    }
}

/// The later answer, with what the earlier one lists before its own.
fn joined(before: Value, mut after: Value) -> Value {
    for list in LISTS {
        let both: Vec<Value> = items(&before, list).chain(items(&after, list)).cloned().collect();
        if let Some(fields) = after.as_object_mut().filter(|_| !both.is_empty()) {
            fields.insert(list.to_owned(), json!(both));
        }
    }
    after
}
