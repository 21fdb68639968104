//! Waiting for many jobs.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use reqwest::StatusCode;
use tokio::time::Instant;
use uuid::Uuid;

use super::connection::Client;
use super::error::ClientError;
use super::held_up::HeldUp;
use super::wire::{Job, JobError, JobState};

const AT_ONCE: usize = 8;
/// How long no job may end before it is said what they wait for, and how often that is asked then.
const STANDSTILL: Duration = Duration::from_secs(20);
const SHORTEST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Waits until every job has ended and calls `on_end` with the key and job of each. Jobs end roughly in the order in
/// which they were made, so the oldest ones are asked about until they end: about one call a job, not one a job and
/// poll. A job that waits for a retry is put behind the others. Where none ends for a while, what the first of them waits for is said.
///
/// # Errors
/// [`ClientError::Stalled`] when no job ends for `stall`.
pub(crate) async fn wait_for_all<K>(
    client: &Client,
    jobs: Vec<(K, Uuid)>,
    stall: Duration,
    mut on_end: impl FnMut(K, Job),
    mut say: impl FnMut(&str),
) -> Result<(), ClientError> {
    let mut waiting = VecDeque::from(jobs);
    let (mut last_end, mut last_look, mut held_up) = (Instant::now(), Instant::now(), HeldUp::default());
    let mut pause = SHORTEST_PAUSE;
    while !waiting.is_empty() {
        let front: Vec<(K, Uuid)> = waiting.drain(..AT_ONCE.min(waiting.len())).collect();
        let asked = stream::iter(front).map(|(key, id)| async move { (key, id, find(client, id).await) });
        let mut not_ended = Vec::new();
        for (key, id, found) in asked.buffered(AT_ONCE).collect::<Vec<_>>().await {
            match found? {
                job if job.state.has_ended() => {
                    on_end(key, job);
                    (last_end, pause) = (Instant::now(), SHORTEST_PAUSE);
                }
                Job {
                    state: JobState::Retryable | JobState::Scheduled,
                    ..
                } => waiting.push_back((key, id)),
                _ => not_ended.push((key, id)),
            }
        }
        let nothing_to_hurry_for = !not_ended.is_empty() || last_end.elapsed() > pause;
        for unfinished in not_ended.into_iter().rev() {
            waiting.push_front(unfinished);
        }
        if last_end.elapsed() > stall {
            return Err(ClientError::Stalled {
                waiting: waiting.len(),
                secs: stall.as_secs(),
            });
        }
        if last_end.max(last_look).elapsed() > STANDSTILL.min(stall / 4) {
            last_look = Instant::now();
            if let Some((_, id)) = waiting.front() {
                held_up.look(client, *id, &mut say).await;
            }
        }
        if nothing_to_hurry_for {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
    Ok(())
}

/// A job that is gone has ended too: nothing will be learned of it any more.
async fn find(client: &Client, id: Uuid) -> Result<Job, ClientError> {
    match client.get(&["jobs", &id.to_string()], &[]).await {
        Err(ClientError::Problem(problem)) if problem.status == StatusCode::NOT_FOUND => Ok(gone(id)),
        found => found,
    }
}

fn gone(id: Uuid) -> Job {
    Job {
        id,
        kind: String::new(),
        state: JobState::Dead,
        pool: String::new(),
        attempt: 0,
        max_attempts: 0,
        progress: None,
        result: None,
        error: Some(JobError {
            code: "job_not_found".into(),
            message: "the job does not exist any more".into(),
        }),
        attempts: Vec::new(),
        document_id: None,
        cancel_requested: false,
        discarded: None,
        created_at: None,
        started_at: None,
        finished_at: None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, Received, Reply, reply};
    use serde_json::json;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    fn id_of(request: &Received) -> u128 {
        request
            .line
            .rsplit('/')
            .next()
            .unwrap()
            .parse::<Uuid>()
            .unwrap()
            .as_u128()
    }

    fn job(request: &Received, state: &str) -> Reply {
        reply(
            200,
            json!({"id": Uuid::from_u128(id_of(request)), "kind": "ingest_document", "state": state}),
        )
    }

    fn jobs(count: u128) -> Vec<(u128, Uuid)> {
        (1..=count).map(|n| (n, Uuid::from_u128(n))).collect()
    }

    #[tokio::test]
    async fn many_jobs_cost_about_one_call_each() {
        let calls = AtomicUsize::new(0);
        let fake = Fake::serving(move |request| {
            // Twenty jobs end between two rounds of questions.
            let ended = u128::try_from(calls.fetch_add(1, Relaxed)).unwrap() / 8 * 20;
            job(request, if id_of(request) <= ended { "succeeded" } else { "queued" })
        })
        .await;
        let mut ended = Vec::new();
        let note = |key, _| ended.push(key);
        wait_for_all(&fake.client(), jobs(200), Duration::from_secs(5), note, |_| ())
            .await
            .unwrap();
        assert_eq!(ended, (1..=200).collect::<Vec<_>>());
        assert!(fake.requests().len() < 300, "{}", fake.requests().len());
    }

    #[tokio::test]
    async fn a_job_that_waits_for_a_retry_does_not_hide_the_others() {
        let polls = AtomicUsize::new(0);
        let fake = Fake::serving(move |request| match id_of(request) {
            1 if polls.fetch_add(1, Relaxed) < 3 => job(request, "retryable"),
            2 => reply(404, json!({"code": "not_found"})),
            _ => job(request, "succeeded"),
        })
        .await;
        let mut ended = Vec::new();
        let note = |key, job: Job| ended.push((key, job.error.map(|error| error.code)));
        wait_for_all(&fake.client(), jobs(20), Duration::from_secs(5), note, |_| ())
            .await
            .unwrap();
        assert_eq!(ended.len(), 20);
        assert_eq!(ended[0], (2, Some("job_not_found".into())));
        assert_eq!(ended[19], (1, None));
    }

    #[tokio::test]
    async fn waiting_ends_when_nothing_ends() {
        let fake = Fake::serving(|request| {
            if request.line.ends_with("/why") {
                let blocker = json!({"reason": "no_worker", "class": "stuck", "since": "s", "detail": "No worker of pool ingest is alive."});
                return reply(200, json!({"state": "queued", "blocked_by": [blocker]}));
            }
            job(request, "queued")
        })
        .await;
        let mut said = Vec::new();
        let note = |text: &str| said.push(text.to_owned());
        let error = wait_for_all(&fake.client(), jobs(3), Duration::from_millis(500), |_, _| (), note)
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::Stalled { waiting: 3, .. }));
        assert!(said.len() == 1 && said[0].contains("no_worker (stuck)"), "{said:?}");
    }
}
