use super::RateHints;
use super::retry_after::retry_after;
use crate::IntegrationError;
use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// What of an error body goes into the error's text.
const EXCERPT_CHARS: usize = 300;

/// An answer that was read whole and is within the limits. Everything in it is the other side's word.
#[derive(Clone, Debug)]
pub struct GuardedResponse {
    /// Host name, for errors.
    pub system: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl GuardedResponse {
    /// The answer itself for 2xx, otherwise the error the status stands for: 429 and 503 with its `Retry-After`, 408
    /// and 504 a time-out, other 5xx unavailable, everything else (redirects, which are never followed, included) a
    /// rejection.
    pub fn success(self) -> Result<Self, IntegrationError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let wait = self.retry_after();
        let reason = format!("{} {}", self.status, self.excerpt()).trim_end().to_owned();
        let system = self.system;
        Err(match self.status {
            StatusCode::TOO_MANY_REQUESTS => IntegrationError::RateLimited {
                system,
                retry_after: wait,
            },
            StatusCode::SERVICE_UNAVAILABLE if wait.is_some() => IntegrationError::RateLimited {
                system,
                retry_after: wait,
            },
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => IntegrationError::Timeout { system },
            status if status.is_server_error() => IntegrationError::Unavailable { system, reason },
            _ => IntegrationError::Rejected { system, reason },
        })
    }

    /// How long it asks to be left alone, whatever its status; a day at most.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, chrono::Utc::now())
    }

    /// What it says about the limits on our calls.
    #[must_use]
    pub fn rate_hints(&self) -> RateHints {
        RateHints::of(&self.headers, chrono::Utc::now())
    }

    /// Whether it asks us to slow down, having done nothing: 429, or 503 that says for how long.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
            || (self.status == StatusCode::SERVICE_UNAVAILABLE && self.rate_hints().retry_after.is_some())
    }

    /// The body as JSON, whatever content type it claims.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, IntegrationError> {
        serde_json::from_slice(&self.body).map_err(|error| IntegrationError::InvalidAnswer {
            system: self.system.clone(),
            reason: error.to_string(),
        })
    }

    /// The beginning of the body as text, without control characters.
    #[must_use]
    pub fn excerpt(&self) -> String {
        let head = self.body.get(..EXCERPT_CHARS * 4).unwrap_or(&self.body);
        let text = String::from_utf8_lossy(head);
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(EXCERPT_CHARS)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RetryAdvice;

    fn response(status: u16, retry_after: Option<&'static str>, body: &'static [u8]) -> GuardedResponse {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", value.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        GuardedResponse {
            system: "vendor.test".into(),
            status,
            headers,
            body: Bytes::from_static(body),
        }
    }

    #[test]
    fn a_status_decides_about_the_next_attempt() {
        let advice = |status, after| response(status, after, b"").success().unwrap_err().retry();
        let wait = RetryAdvice::RetryAfter(Duration::from_secs(9));
        assert_eq!(advice(429, Some("9")), wait);
        assert_eq!(advice(503, Some("9")), wait);
        for retried in [429, 408, 500, 502, 503, 504, 599] {
            assert_eq!(advice(retried, None), RetryAdvice::Retry, "{retried}");
        }
        for permanent in [301, 307, 400, 401, 403, 404, 410, 422] {
            assert_eq!(advice(permanent, None), RetryAdvice::Permanent, "{permanent}");
        }
        assert!(response(204, None, b"").success().is_ok());
    }

    #[test]
    fn an_error_quotes_the_answer_briefly_and_without_control_characters() {
        let huge: &'static [u8] = Box::leak(vec![b'x'; 1_000_000].into_boxed_slice());
        assert!(response(400, None, huge).success().unwrap_err().to_string().len() < 500);
        let odd = response(400, None, b"no\n\x1b[31m \xff\xfe")
            .success()
            .unwrap_err()
            .to_string();
        assert!(!odd.contains(char::is_control), "{odd}");
    }

    #[test]
    fn a_body_that_is_not_the_json_expected_is_an_error() {
        assert_eq!(response(200, None, b"[1,2]").json::<Vec<u8>>().unwrap(), [1, 2]);
        let error = response(200, None, b"<html>").json::<Vec<u8>>().unwrap_err();
        assert!(matches!(error, IntegrationError::InvalidAnswer { .. }));
    }
}
