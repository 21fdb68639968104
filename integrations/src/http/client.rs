use super::failure::failure;
use super::policy::OutboundPolicy;
use super::resolver::GuardedResolver;
use super::response::GuardedResponse;
use crate::IntegrationError;
use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde::Serialize;
use std::time::Duration;
use url::Url;

/// What one exchange may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Name resolution, TCP and TLS.
    pub connect_timeout: Duration,
    /// The whole exchange, up to the last byte of the body.
    pub total_timeout: Duration,
    /// Body of an answer; a larger one is an error.
    pub response_bytes_max: usize,
}

impl Default for HttpLimits {
    /// 5 s to connect, 30 s in all, 4 MiB.
    fn default() -> Self {
        let (connect_timeout, total_timeout) = (Duration::from_secs(5), Duration::from_secs(30));
        Self {
            connect_timeout,
            total_timeout,
            response_bytes_max: 4 * 1024 * 1024,
        }
    }
}

/// The one HTTP client for everything outgoing, safe for addresses that a tenant gave.
///
/// Follows no redirect, reads no proxy from the environment, keeps no cookies, asks only addresses its
/// [`OutboundPolicy`] allows and connects to the very address that was checked. Clones share connections.
#[derive(Clone, Debug)]
pub struct GuardedClient {
    client: Client,
    policy: OutboundPolicy,
    limits: HttpLimits,
    /// Why https cannot be used here, if so.
    https_problem: Option<String>,
}

impl GuardedClient {
    /// The program installs the process-wide TLS provider first:
    /// `rustls::crypto::ring::default_provider().install_default()`. A machine without CA certificates can still send
    /// plain http.
    ///
    /// # Errors
    /// `NotConfigured` where no TLS provider is installed.
    pub fn new(policy: OutboundPolicy, limits: HttpLimits) -> Result<Self, IntegrationError> {
        let not_configured = |what_to_do: String| IntegrationError::NotConfigured {
            system: "HTTP client".into(),
            what_to_do,
        };
        // reqwest panics without one.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(not_configured(
                "install a rustls crypto provider before the first client is made".into(),
            ));
        }
        let builder = || {
            Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .connect_timeout(limits.connect_timeout)
                .timeout(limits.total_timeout)
                .dns_resolver(GuardedResolver { policy })
                .user_agent(concat!("visualkit/", env!("CARGO_PKG_VERSION")))
        };
        let (client, https_problem) = match builder().build() {
            Ok(client) => (client, None),
            Err(error) => {
                let problem = format!(
                    "install CA certificates (the ca-certificates package) for https; {}",
                    failure("TLS", error)
                );
                tracing::warn!(%problem, "https is not available");
                let without_roots = builder().tls_certs_only([]).build();
                (
                    without_roots.map_err(|error| not_configured(error.to_string()))?,
                    Some(problem),
                )
            }
        };
        Ok(Self {
            client,
            policy,
            limits,
            https_problem,
        })
    }

    /// Any status is an answer; [`GuardedResponse::success`] makes errors of those that are not 2xx.
    ///
    /// # Errors
    /// `Forbidden` for an address the policy refuses, `Unreachable`, `Timeout`, `Unavailable`, or `AnswerTooLarge`.
    pub async fn get(&self, url: &Url, headers: HeaderMap) -> Result<GuardedResponse, IntegrationError> {
        self.get_up_to(url, headers, self.limits.response_bytes_max).await
    }

    /// As [`Self::get`], with a limit of its own for the body.
    pub async fn get_up_to(
        &self,
        url: &Url,
        headers: HeaderMap,
        bytes_max: usize,
    ) -> Result<GuardedResponse, IntegrationError> {
        self.exchange(url, self.client.get(url.clone()).headers(headers), bytes_max)
            .await
    }

    /// As [`Self::get`], with `body` as JSON.
    pub async fn post_json<T: Serialize + ?Sized + Sync>(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: &T,
    ) -> Result<GuardedResponse, IntegrationError> {
        let request = self.client.post(url.clone()).json(body).headers(headers);
        self.exchange(url, request, self.limits.response_bytes_max).await
    }

    /// As [`Self::get`], with `body` as it is, within `timeout`. What counts is that there is an answer: no more than `answer_bytes` of its body are
    /// read, and one that breaks off is as good.
    pub async fn post_for_status(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        timeout: Duration,
        answer_bytes: usize,
    ) -> Result<GuardedResponse, IntegrationError> {
        let request = self
            .client
            .post(url.clone())
            .headers(headers)
            .body(body)
            .timeout(timeout);
        let (system, mut answer) = self.send(url, request).await?;
        let mut body = Vec::new();
        while let Ok(Some(part)) = answer.chunk().await {
            let room = answer_bytes.saturating_sub(body.len());
            body.extend_from_slice(part.get(..room).unwrap_or(&part));
            if body.len() >= answer_bytes {
                break;
            }
        }
        Ok(answered(system, answer, body))
    }

    /// Sends what the policy allows; returns the answer's head.
    async fn send(&self, url: &Url, request: RequestBuilder) -> Result<(String, Response), IntegrationError> {
        let system = url.host_str().unwrap_or("an address without host").to_owned();
        if let Err(reason) = self.policy.check(url) {
            return Err(IntegrationError::Forbidden {
                system,
                reason: reason.into(),
            });
        }
        if let (Some(problem), "https") = (&self.https_problem, url.scheme()) {
            return Err(IntegrationError::NotConfigured {
                system,
                what_to_do: problem.clone(),
            });
        }
        let answer = request.send().await.map_err(|error| failure(&system, error))?;
        Ok((system, answer))
    }

    async fn exchange(
        &self,
        url: &Url,
        request: RequestBuilder,
        bytes_max: usize,
    ) -> Result<GuardedResponse, IntegrationError> {
        let (system, mut answer) = self.send(url, request).await?;
        let too_large = || IntegrationError::AnswerTooLarge {
            system: system.clone(),
            bytes_max,
        };
        if answer.content_length().is_some_and(|bytes| bytes > bytes_max as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| failure(&system, error))? {
            if body.len() + part.len() > bytes_max {
                return Err(too_large());
            }
            body.extend_from_slice(&part);
        }
        Ok(answered(system, answer, body))
    }
}

fn answered(system: String, mut answer: Response, body: Vec<u8>) -> GuardedResponse {
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    GuardedResponse {
        system,
        status,
        headers,
        body: body.into(),
    }
}
