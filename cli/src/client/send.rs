//! Sending a request, again where that is safe and may help.

use std::time::Duration;

use chrono::Utc;
use reqwest::header::HeaderValue;
use reqwest::{RequestBuilder, Response, StatusCode};
use tokio::time::Instant;
use uuid::Uuid;

use super::connection::Client;
use super::error::{ClientError, Problem};
use super::repeat::Repeat;
use super::retry::{is_busy, pauses, retry_after};

/// How one attempt failed.
struct Failure {
    error: ClientError,
    /// How long such a failure is borne.
    limit: Duration,
    /// How long the server asks us to wait.
    asked: Option<Duration>,
    /// Whether what was asked for may have been done all the same.
    may_be_done: bool,
}

impl Client {
    /// Sends what `make` builds, again while patience lasts. What the API can tell from another carries an `Idempotency-Key`, the same
    /// each time; what it cannot, and what would do harm twice, is sent again only where it is certain that nothing was done.
    ///
    /// # Errors
    /// Any answer but 2xx is a [`Problem`], unless a deletion was sent again and there is nothing to delete any more: then it is done.
    /// [`ClientError::MayBeDone`] where a request is not sent again and may have done what it was for.
    pub(crate) async fn send(&self, make: impl Fn() -> RequestBuilder) -> Result<Response, ClientError> {
        let start = Instant::now();
        let mut pauses = pauses();
        let key = HeaderValue::from_str(&Uuid::new_v4().to_string()).ok();
        let mut may_be_done = false;
        loop {
            let mut request = make().build().map_err(|error| self.unreachable(error))?;
            let repeat = Repeat::of(request.method(), request.url().path());
            if let (Repeat::UnderOneKey, Some(key)) = (repeat, &key) {
                request.headers_mut().insert("idempotency-key", key.clone());
            }
            let failure = match self.http.execute(request).await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) if repeat == Repeat::Deletion && may_be_done && is_gone(&response) => return Ok(response),
                Ok(response) => self.refused(response).await,
                Err(error) => self.unheard(error),
            };
            may_be_done |= failure.may_be_done;
            if repeat == Repeat::Harmful && failure.may_be_done {
                return Err(ClientError::MayBeDone(Box::new(failure.error)));
            }
            let pause = failure.asked.or_else(|| pauses.next()).unwrap_or(failure.limit);
            if failure.limit.is_zero() || start.elapsed() + pause > failure.limit {
                return Err(failure.error);
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// The server says no. That nothing was done is not certain of 502, 503 and 504: an answer behind it may have been lost, the
    /// database's to a commit too.
    async fn refused(&self, response: Response) -> Failure {
        let status = response.status();
        let asked = retry_after(response.headers(), Utc::now());
        // Of a body that breaks off the status is left.
        let problem = Problem::read(status, &self.body(response).await.unwrap_or_default());
        // What is not set up is not so in a moment either.
        let is_busy = is_busy(status) && problem.code != "not_configured";
        Failure {
            error: ClientError::Problem(Box::new(problem)),
            limit: if is_busy { self.patience.busy } else { Duration::ZERO },
            asked,
            may_be_done: is_busy && status != StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// Nothing answered. Without a connection nothing was sent.
    fn unheard(&self, error: reqwest::Error) -> Failure {
        Failure {
            may_be_done: !error.is_connect(),
            error: self.unreachable(error),
            limit: self.patience.unreachable,
            asked: None,
        }
    }
}

fn is_gone(response: &Response) -> bool {
    response.status() == StatusCode::NOT_FOUND
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::client::ServerArgs;
    use crate::testing::{Fake, Reply, reply};
    use reqwest::Method;
    use serde_json::{Value, json};

    const ID: &str = "019a0000-0000-7000-8000-000000000001";

    fn busy(status: u16) -> Reply {
        reply(status, json!({"code": "unavailable"})).header("retry-after", "0")
    }

    #[tokio::test]
    async fn what_would_do_harm_twice_is_not_sent_again() {
        for status in [502, 503, 504] {
            let fake = Fake::answering(vec![busy(status), reply(200, json!({}))]).await;
            let path = ["webhooks", ID, "rotate-secret"];
            let error = fake.client().post::<Value>(&path, &json!({})).await.unwrap_err();
            assert_eq!(fake.requests().len(), 1, "{status}");
            assert!(error.help().unwrap().contains("may have been done"), "{error}");
            assert!(error.to_string().starts_with(&status.to_string()), "{error}");
        }
    }

    #[tokio::test]
    async fn what_was_refused_undone_is_sent_again_without_a_key() {
        let limited = reply(429, json!({"code": "rate_limited"})).header("retry-after", "0");
        let fake = Fake::answering(vec![limited, reply(201, json!({"id": ID}))]).await;
        let made: Value = fake.client().post(&["webhooks"], &json!({})).await.unwrap();
        assert_eq!(made["id"], ID);
        assert!(
            fake.requests()
                .iter()
                .all(|it| !it.headers.contains_key("idempotency-key"))
        );
    }

    #[tokio::test]
    async fn what_is_not_set_up_is_said_at_once() {
        let fake = Fake::answering(vec![reply(503, json!({"code": "not_configured"}))]).await;
        let error = fake
            .client()
            .post::<Value>(&["webhooks"], &json!({}))
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::Problem(problem) if problem.code == "not_configured"));
    }

    #[tokio::test]
    async fn work_is_sent_again_under_the_key_of_the_first() {
        let fake = Fake::serving(|request| match request.headers.get("idempotency-key") {
            Some(_) => reply(503, json!({"code": "unavailable"})),
            None => reply(500, json!({})),
        })
        .await;
        let calls = [
            (Method::POST, vec!["schedules", ID, "fire"]),
            (Method::DELETE, vec!["documents", ID]),
        ];
        for (method, path) in calls {
            let client = fake.client();
            let send = client.send(|| client.request(method.clone(), &path));
            // Long enough for a second request, and shorter than our patience.
            let _given_up = tokio::time::timeout(Duration::from_millis(500), send).await;
        }
        let requests = fake.requests();
        let keys_of = |verb: &str| -> Vec<_> {
            let of_verb = requests.iter().filter(|request| request.line.starts_with(verb));
            of_verb
                .map(|request| request.headers["idempotency-key"].clone())
                .collect()
        };
        let (fired, deleted) = (keys_of("POST"), keys_of("DELETE"));
        assert!(fired.len() > 1 && fired.iter().all(|key| *key == fired[0]));
        assert!(deleted.len() > 1 && deleted.iter().all(|key| *key == deleted[0]));
        assert_ne!(fired[0], deleted[0]);
    }

    #[tokio::test]
    async fn a_deletion_that_is_sent_again_and_finds_nothing_is_done() {
        let fake = Fake::answering(vec![busy(502), reply(404, json!({})), reply(404, json!({}))]).await;
        let client = fake.client();
        let delete = || client.request(Method::DELETE, &["webhooks", ID]);
        assert!(client.send(delete).await.is_ok());
        let error = client.send(delete).await.unwrap_err();
        assert!(
            error.to_string().starts_with("404"),
            "the first time it is an error: {error}"
        );
    }

    #[tokio::test]
    async fn a_request_whose_answer_is_lost_may_have_been_done() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = ServerArgs::new(&url, "k").connect().unwrap().for_bulk_work();
        let body = json!({});
        let (sent, ()) = tokio::join!(client.post::<Value>(&["webhooks"], &body), async {
            let (stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
        });
        assert!(matches!(sent, Err(ClientError::MayBeDone(_))), "{sent:?}");
    }

    #[tokio::test]
    async fn a_busy_server_is_asked_again_after_the_time_it_names() {
        let fake = Fake::answering(vec![
            reply(429, json!({})).header("retry-after", "1"),
            reply(503, json!({})).header("retry-after", "0"),
            reply(200, json!({"ok": true})),
        ])
        .await;
        let start = Instant::now();
        let answer: Value = fake.client().get(&["x"], &[]).await.unwrap();
        assert_eq!(answer["ok"], true);
        assert!(start.elapsed() >= Duration::from_secs(1));
    }

    #[tokio::test]
    async fn a_wait_longer_than_our_patience_is_an_error_at_once() {
        let fake = Fake::answering(vec![
            reply(429, json!({"code": "slow_down"})).header("retry-after", "3600"),
        ])
        .await;
        let start = Instant::now();
        let error = fake.client().get::<Value>(&["x"], &[]).await.unwrap_err();
        assert!(error.to_string().starts_with("429 slow_down"));
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_refusal_is_not_repeated() {
        let fake = Fake::answering(vec![reply(422, json!({"code": "invalid"}))]).await;
        let error = fake.client().get::<Value>(&["x"], &[]).await.unwrap_err();
        assert!(matches!(error, ClientError::Problem(problem) if problem.code == "invalid"));
        assert_eq!(fake.requests().len(), 1);
    }

    #[tokio::test]
    async fn nothing_listening_is_said_at_once() {
        let client = ServerArgs::new("http://127.0.0.1:9", "k").connect().unwrap();
        let error = client.get::<Value>(&["x"], &[]).await.unwrap_err();
        assert!(error.help().unwrap().contains("./dev up"));
        let ClientError::Unreachable { source, .. } = error else {
            panic!("nothing listens there");
        };
        let address = "https://support.example/".to_owned();
        let help = ClientError::Unreachable { address, source }.help().unwrap();
        assert!(
            help.contains("is VISUALKIT_URL right") && !help.contains("./dev up"),
            "{help}"
        );
    }

    #[tokio::test]
    async fn bulk_work_outlives_a_server_that_is_away_for_a_moment() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let client = ServerArgs::new(&format!("http://{address}"), "k")
            .connect()
            .unwrap()
            .for_bulk_work();
        let (answer, _fake) = tokio::join!(client.get::<Value>(&["x"], &[]), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Fake::answering_at(address, vec![reply(200, json!({"ok": true}))]).await
        });
        assert_eq!(answer.unwrap()["ok"], true);
    }
}
