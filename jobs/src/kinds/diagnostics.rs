//! Kinds that do nothing useful, on purpose: for benchmarks, fault tests and checking an installation.
use crate::{FieldError, Kind, Pool, is_credential_name};
use serde::{Deserialize, Serialize};

/// Succeeds at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noop {}

impl Kind for Noop {
    const NAME: &'static str = "diagnostics.noop";
    const POOL: Pool = Pool::General;
    const SUBMIT_SCOPE: Option<&'static str> = Some("jobs:write");
    const DIAGNOSTIC: bool = true;
}

/// Succeeds after a while, reporting progress.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sleep {
    pub ms: u64,
}

impl Kind for Sleep {
    const NAME: &'static str = "diagnostics.sleep";
    const POOL: Pool = Pool::General;
    const SUBMIT_SCOPE: Option<&'static str> = Some("jobs:write");
    const DIAGNOSTIC: bool = true;

    fn validate(&self) -> Vec<FieldError> {
        if self.ms <= 3_600_000 {
            return Vec::new();
        }
        vec![FieldError::new(
            "ms",
            "out_of_range",
            "must be at most 3600000 (an hour)",
        )]
    }
}

/// Fails its first `times` attempts, or for good.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    #[serde(default = "one")]
    pub times: u16,
    #[serde(default)]
    pub permanent: bool,
    /// With what delay the failure asks to be retried, as a vendor's Retry-After would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

fn one() -> u16 {
    1
}

impl Kind for Fail {
    const NAME: &'static str = "diagnostics.fail";
    const POOL: Pool = Pool::General;
    const SUBMIT_SCOPE: Option<&'static str> = Some("jobs:write");
    const DIAGNOSTIC: bool = true;

    fn validate(&self) -> Vec<FieldError> {
        if self.retry_after_ms.is_none_or(|ms| ms <= 86_400_000) {
            return Vec::new();
        }
        vec![FieldError::new(
            "retry_after_ms",
            "out_of_range",
            "must be at most 86400000 (a day)",
        )]
    }
}

/// Makes one `POST` of `{"key": …}` to an address, through the governor and the ledger of effects.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub url: String,
    pub key: String,
    /// Whose budget the call is on; the address' host and port by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// What the call takes of the budget besides a request, as a model's would.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tokens: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cost_micros: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Kind for Call {
    const NAME: &'static str = "diagnostics.call";
    const POOL: Pool = Pool::General;
    /// 2: credential, tokens and cost, which a worker of before would not know.
    const VERSION: i16 = 2;
    const SUBMIT_SCOPE: Option<&'static str> = Some("jobs:write");
    const DIAGNOSTIC: bool = true;
    const ADDRESS: Option<&'static str> = Some("url");

    fn validate(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        match url::Url::parse(&self.url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {}
            _ => errors.push(FieldError::new("url", "invalid", "must be an http or https address")),
        }
        if self.url.len() > 2000 {
            errors.push(FieldError::new("url", "length", "must have at most 2000 bytes"));
        }
        if self.key.is_empty() || self.key.len() > 255 {
            errors.push(FieldError::new("key", "length", "must have 1 to 255 bytes"));
        }
        if self.credential.as_ref().is_some_and(|name| !is_credential_name(name)) {
            let message = "must be 1 to 200 letters, digits or any of . _ : @ - [ ]";
            errors.push(FieldError::new("credential", "invalid", message));
        }
        errors
    }
}

/// Succeeds at once, and says when its handler started. Never in the API's catalogue: benchmarks insert it themselves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {}

/// The result of [`Stamp`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Stamped {
    /// Milliseconds since 1970 by the clock of the worker's machine.
    pub started_at_ms: f64,
}

impl Kind for Stamp {
    const NAME: &'static str = "diagnostics.stamp";
    const POOL: Pool = Pool::General;
    const DIAGNOSTIC: bool = true;
}

/// Ends the process that runs it, as a segmentation fault would. Never in the API's catalogue: fault tests insert it themselves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abort {}

impl Kind for Abort {
    const NAME: &'static str = "diagnostics.abort";
    const POOL: Pool = Pool::General;
    const DIAGNOSTIC: bool = true;
}
