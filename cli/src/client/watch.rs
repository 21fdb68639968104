//! Following one job by its event stream.

use std::time::{Duration, Instant};

use reqwest::header::ACCEPT;
use reqwest::{Method, Response};
use serde_json::Value;
use uuid::Uuid;

use super::connection::Client;
use super::error::ClientError;
use super::events::{Event, EventParser};
use super::wire::Job;
use crate::outcome::Advised;
use crate::render::Reader;

/// After so many streams in a row that ended at once and told nothing it is given up.
const MAX_CUT_STREAMS: u32 = 30;

/// A stream that lived so long was not cut: the server ends each after a while, and a job may have nothing to tell for days.
const LIFE: Duration = Duration::from_secs(10);

/// Calls `on_event` with the job (as it came, and as read) of every event until the job has ended, and gives its last
/// state; nothing when `on_event` has nobody left to tell. A stream that is cut is taken up again after the last event that came
/// (`Last-Event-ID`).
pub(crate) async fn watch(
    client: &Client,
    id: Uuid,
    mut on_event: impl FnMut(&Value, &Job) -> std::io::Result<Reader>,
) -> anyhow::Result<Option<Job>> {
    let mut last_id = String::new();
    let mut cut_streams = 0;
    while cut_streams < MAX_CUT_STREAMS {
        let mut stream = open(client, id, &last_id).await?;
        let (opened, mut has_told) = (Instant::now(), false);
        let mut parser = EventParser::default();
        // A stream that breaks is as one that ends: it is opened again, which tells when the server is really gone.
        while let Ok(Some(bytes)) = stream.chunk().await {
            for event in parser.feed(&bytes) {
                has_told = true;
                last_id.clone_from(&event.id);
                let (value, job) = read(&event)?;
                if on_event(&value, &job)? == Reader::Gone {
                    return Ok(None);
                }
                if job.state.has_ended() {
                    return Ok(Some(job));
                }
            }
        }
        cut_streams = if was_cut(has_told, opened.elapsed()) {
            cut_streams + 1
        } else {
            0
        };
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let cut =
        format!("the event stream of job {id} was cut {MAX_CUT_STREAMS} times, each time before it told anything");
    let help =
        format!("does a proxy in between cut event streams? `visualkit jobs show {id}` shows the job without one");
    Err(Advised::new(cut, help).into())
}

fn was_cut(has_told: bool, lived: Duration) -> bool {
    !has_told && lived < LIFE
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
            Ok(Reader::There)
        };
        let last = watch(&fake.client(), id, note).await.unwrap();
        assert_eq!(last.map(|job| job.state), Some(JobState::Succeeded));
        assert_eq!(states, [JobState::Queued, JobState::Running, JobState::Succeeded]);
    }

    #[tokio::test]
    async fn with_its_reader_it_ends() {
        let id = Uuid::from_u128(3);
        let event = format!(
            "event: state\nid: 1\ndata: {}\n\n",
            json!({"id": id, "kind": "x", "state": "queued"})
        );
        let route = format!("/v1/jobs/{id}/events");
        let stream = axum::routing::get(move || async move { event });
        let fake = Fake::start(axum::Router::new().route(&route, stream)).await;
        let last = watch(&fake.client(), id, |_, _| Ok(Reader::Gone)).await.unwrap();
        assert!(last.is_none());
    }

    #[test]
    fn a_stream_that_was_quiet_for_long_counts_as_little_as_one_that_told_something() {
        assert!(was_cut(false, Duration::from_secs(1)));
        assert!(!was_cut(true, Duration::from_secs(1)));
        assert!(
            !was_cut(false, Duration::from_secs(900)),
            "the server ends each stream after a quarter of an hour"
        );
    }
}
