//! Where the running system is, and one call to it.

use std::time::Duration;

use chrono::Utc;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::error::{ClientError, Problem};
use super::retry::{Patience, is_busy, pauses, retry_after};
use crate::outcome::Advised;

/// The largest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// Longer than the longest `Prefer: wait`, with room for a large upload.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
const START: &str = "start with ./dev up, then `set -a; . .dev/env; set +a`";

/// Which system to talk to, from the command line or the environment.
#[derive(clap::Args)]
pub(crate) struct ServerArgs {
    /// Address of the running system, such as <http://127.0.0.1:8080>
    #[arg(long, env = "VISUALKIT_URL", value_name = "URL", help_heading = "Connection")]
    url: Option<String>,
    /// Secret key of the tenant; better given by the environment, where other users cannot see it
    #[arg(
        long,
        env = "VISUALKIT_API_KEY",
        value_name = "KEY",
        hide_env_values = true,
        help_heading = "Connection"
    )]
    api_key: Option<String>,
}

impl ServerArgs {
    #[cfg(test)]
    pub(crate) fn new(url: &str, api_key: &str) -> Self {
        // What main does in the program; the second test finds it done.
        let _already_installed = rustls::crypto::ring::default_provider().install_default();
        Self {
            url: Some(url.to_owned()),
            api_key: Some(api_key.to_owned()),
        }
    }

    /// Builds the client; nothing is sent yet.
    pub(crate) fn connect(&self) -> anyhow::Result<Client> {
        let given = |value: &Option<String>| value.clone().filter(|text| !text.trim().is_empty());
        let url = given(&self.url).ok_or_else(|| Advised::new("VISUALKIT_URL is not set", START))?;
        let key = given(&self.api_key).ok_or_else(|| Advised::new("VISUALKIT_API_KEY is not set", START))?;
        let base = Url::parse(url.trim())
            .ok()
            .filter(|base| matches!(base.scheme(), "http" | "https") && base.has_host())
            .ok_or_else(|| Advised::new(format!("VISUALKIT_URL is not an http address: {url}"), START))?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.trim()))
            .map_err(|_| Advised::new("VISUALKIT_API_KEY has characters that no key has", START))?;
        bearer.set_sensitive(true);
        let mut builder = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(60));
        if is_loopback(&base) {
            // A proxy from the environment would look for the address on its own machine.
            builder = builder.no_proxy();
        }
        if base.scheme() == "http" {
            // Without TLS no certificates are needed, and a bare machine may have none.
            builder = builder.tls_certs_only([]);
        }
        Ok(Client {
            http: builder.build()?,
            base,
            patience: Patience::INTERACTIVE,
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// One tenant's way to a running system. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    patience: Patience,
}

impl Client {
    /// The same client for long work: it outlives restarts and overload. Use it for calls that may be repeated.
    pub(crate) fn for_bulk_work(&self) -> Self {
        Self {
            patience: Patience::BULK,
            ..self.clone()
        }
    }

    /// A request to `/v1/…`; every segment is encoded.
    pub(crate) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path);
        }
        self.http.request(method, url)
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, ClientError> {
        self.call(|| self.request(Method::GET, path).query(query))
            .await
            .map(|(_, value)| value)
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &[&str], body: &Value) -> Result<T, ClientError> {
        self.call(|| self.request(Method::POST, path).json(body))
            .await
            .map(|(_, value)| value)
    }

    /// Sends what `make` builds, again while patience lasts, and reads the JSON of a 2xx answer.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        make: impl Fn() -> RequestBuilder,
    ) -> Result<(StatusCode, T), ClientError> {
        let response = self.send(|| make().timeout(CALL_TIMEOUT)).await?;
        let (status, route) = (response.status(), response.url().path().to_owned());
        let body = self.body(response).await?;
        let value = serde_json::from_slice(&body).map_err(|error| ClientError::Unreadable {
            route,
            detail: error.to_string(),
        })?;
        Ok((status, value))
    }

    /// Sends what `make` builds, again while patience lasts, and reads the bytes of a 2xx answer.
    pub(crate) async fn download(&self, make: impl Fn() -> RequestBuilder) -> Result<Vec<u8>, ClientError> {
        let response = self.send(|| make().timeout(CALL_TIMEOUT)).await?;
        self.body(response).await
    }

    /// Sends what `make` builds, again while patience lasts. Any answer but 2xx is a [`Problem`].
    pub(crate) async fn send(&self, make: impl Fn() -> RequestBuilder) -> Result<Response, ClientError> {
        let start = Instant::now();
        let mut pauses = pauses();
        loop {
            let (failure, limit, asked) = match make().send().await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => {
                    let status = response.status();
                    let asked = retry_after(response.headers(), Utc::now());
                    let problem = ClientError::Problem(Box::new(Problem::read(status, &self.body(response).await?)));
                    let limit = if is_busy(status) {
                        self.patience.busy
                    } else {
                        Duration::ZERO
                    };
                    (problem, limit, asked)
                }
                Err(error) => (self.unreachable(error), self.patience.unreachable, None),
            };
            let pause = asked.or_else(|| pauses.next()).unwrap_or(limit);
            if limit.is_zero() || start.elapsed() + pause > limit {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                let route = response.url().path().to_owned();
                return Err(ClientError::Unreadable {
                    route,
                    detail: "it is larger than 64 MiB".into(),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    pub(crate) fn unreachable(&self, error: reqwest::Error) -> ClientError {
        ClientError::Unreachable {
            address: self.base.to_string(),
            source: error.without_url(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use axum::routing::get;
    use serde_json::json;

    #[test]
    fn a_missing_address_or_key_says_what_to_do() {
        for (url, key, missing) in [
            (None, Some("k"), "VISUALKIT_URL"),
            (Some("http://h"), None, "VISUALKIT_API_KEY"),
        ] {
            let args = ServerArgs {
                url: url.map(Into::into),
                api_key: key.map(Into::into),
            };
            let error = args.connect().map(|_| ()).unwrap_err();
            assert!(error.to_string().contains(missing));
            assert_eq!(error.downcast_ref::<Advised>().unwrap().help, START);
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for url in ["localhost:1", "file:///etc/passwd", "::", "http://"] {
            assert!(ServerArgs::new(url, "k").connect().is_err(), "{url}");
        }
        assert!(ServerArgs::new("http://h", "a\nb").connect().is_err());
    }

    #[tokio::test]
    async fn the_key_is_sent_and_segments_are_encoded() {
        let fake =
            Fake::start(axum::Router::new().route(
                "/base/v1/a%2Fb",
                get(|headers: HeaderMap| async move {
                    axum::Json(json!({"key": headers["authorization"].to_str().unwrap()}))
                }),
            ))
            .await;
        let client = ServerArgs::new(&format!("{}/base/", fake.url), "k").connect().unwrap();
        let answer: Value = client.get(&["a/b"], &[]).await.unwrap();
        assert_eq!(answer["key"], "Bearer k");
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
