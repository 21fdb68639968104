//! Where the running system is, and one call to it.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ClientError;
use super::retry::Patience;
use crate::outcome::Advised;

/// The largest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// Longer than the longest `Prefer: wait`.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// How long nothing may come. Until an answer begins it runs from the beginning of the request, its sending included.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
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
        Ok(Client {
            http: builder(&base, &bearer).read_timeout(READ_TIMEOUT).build()?,
            base,
            bearer,
            patience: Patience::INTERACTIVE,
        })
    }
}

fn builder(base: &Url, bearer: &HeaderValue) -> reqwest::ClientBuilder {
    let mut builder = reqwest::Client::builder()
        .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer.clone())]))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5));
    if is_loopback(base) {
        // A proxy from the environment would look for the address on its own machine.
        builder = builder.no_proxy();
    }
    if base.scheme() == "http" {
        // Without TLS no certificates are needed, and a bare machine may have none.
        builder = builder.tls_certs_only([]);
    }
    builder
}

pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// One tenant's way to a running system. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    pub(super) http: reqwest::Client,
    base: Url,
    bearer: HeaderValue,
    pub(super) patience: Patience,
}

impl Client {
    /// The same client for long work: it outlives restarts and overload.
    pub(crate) fn for_bulk_work(&self) -> Self {
        Self {
            patience: Patience::BULK,
            ..self.clone()
        }
    }

    /// The same client for calls that take long to send, each within a time of its own: [`Self::call_within`].
    pub(crate) fn for_uploads(&self) -> Result<Self, ClientError> {
        let http = builder(&self.base, &self.bearer).build();
        Ok(Self {
            http: http.map_err(|error| self.unreachable(error))?,
            ..self.clone()
        })
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
        self.call_within(CALL_TIMEOUT, make).await
    }

    /// The same; each attempt may take so long.
    pub(crate) async fn call_within<T: DeserializeOwned>(
        &self,
        limit: Duration,
        make: impl Fn() -> RequestBuilder,
    ) -> Result<(StatusCode, T), ClientError> {
        let response = self.send(|| make().timeout(limit)).await?;
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

    pub(super) async fn body(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
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
    use crate::testing::Fake;
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
}
