//! Following one job by its event stream.

use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::{Method, Response};
use serde_json::Value;
use uuid::Uuid;

use super::connection::Client;
use super::error::ClientError;
use super::events::{Event, EventParser};
use super::wire::Job;

/// How often a cut stream is taken up again without a new event in between.
const MAX_EMPTY_STREAMS: u32 = 30;

/// Calls `on_event` with the job (as it came, and as read) of every event until the job has ended, and gives its last
/// state. A stream that is cut is taken up again after the last event that came (`Last-Event-ID`).
pub(crate) async fn watch(
    client: &Client,
    id: Uuid,
    mut on_event: impl FnMut(&Value, &Job) -> std::io::Result<()>,
) -> anyhow::Result<Job> {
    let mut last_id = String::new();
    let mut empty_streams = 0;
    while empty_streams < MAX_EMPTY_STREAMS {
        let mut stream = open(client, id, &last_id).await?;
        let mut parser = EventParser::default();
        empty_streams += 1;
        // A stream that breaks is as one that ends: it is opened again, which tells when the server is really gone.
        while let Ok(Some(bytes)) = stream.chunk().await {
            for event in parser.feed(&bytes) {
                empty_streams = 0;
                last_id.clone_from(&event.id);
                let (value, job) = read(&event)?;
                on_event(&value, &job)?;
                if job.state.has_ended() {
                    return Ok(job);
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let job = client.get(&["jobs", &id.to_string()], &[]).await?;
    Ok(job)
}

async fn open(client: &Client, id: Uuid, last_id: &str) -> Result<Response, ClientError> {
    // Once events have come, a restart of the system is no reason to give up.
    let client = if last_id.is_empty() {
        client.clone()
    } else {
        client.for_bulk_work()
    };
    let make = || {
        let request = client.request(Method::GET, &["jobs", &id.to_string(), "events"]);
        let request = request.header(ACCEPT, "text/event-stream");
        if last_id.is_empty() {
            request
        } else {
            request.header("last-event-id", last_id)
        }
    };
    client.send(make).await
}

fn read(event: &Event) -> Result<(Value, Job), ClientError> {
    let unreadable = |error: serde_json::Error| ClientError::Unreadable {
        route: format!("event {:?}", event.name),
        detail: error.to_string(),
    };
    let value: Value = serde_json::from_str(&event.data).map_err(unreadable)?;
    let job = serde_json::from_value(value.clone()).map_err(unreadable)?;
    Ok((value, job))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::client::JobState;
    use crate::testing::Fake;
    use axum::http::HeaderMap;
    use serde_json::json;

    #[tokio::test]
    async fn a_cut_stream_is_taken_up_after_the_last_event() {
        let id = Uuid::from_u128(3);
        let event = move |name: &str, number: u32, state: &str| {
            let job = json!({"id": id, "kind": "x", "state": state});
            format!("event: {name}\nid: {number}\ndata: {job}\n\n")
        };
        let stream = move |headers: HeaderMap| async move {
            match headers.get("last-event-id").map(|id| id.to_str().unwrap().to_owned()) {
                None => event("state", 1, "queued") + &event("progress", 2, "running") + "event: sta",
                Some(last) if last == "2" => event("state", 3, "succeeded"),
                Some(other) => panic!("taken up after {other}"),
            }
        };
        let route = format!("/v1/jobs/{id}/events");
        let fake = Fake::start(axum::Router::new().route(&route, axum::routing::get(stream))).await;
        let mut states = Vec::new();
        let note = |_: &Value, job: &Job| {
            states.push(job.state);
            Ok(())
        };
        watch(&fake.client(), id, note).await.unwrap();
        assert_eq!(states, [JobState::Queued, JobState::Running, JobState::Succeeded]);
    }
}
