//! Why a call to the API failed, and what to do about it.

use std::fmt;

use reqwest::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use super::connection::is_loopback;

const NOT_THE_API: &str = "is VISUALKIT_URL the address of a VisualKit API of this version (not the admin address)?";

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("{0}")]
    Problem(Box<Problem>),
    #[error("cannot reach {address}")]
    Unreachable { address: String, source: reqwest::Error },
    /// A change that would do harm twice, so that it is not sent again.
    #[error(transparent)]
    MayBeDone(Box<ClientError>),
    #[error("the answer to {route} is not understood: {detail}")]
    Unreadable { route: String, detail: String },
    #[error("job {id} ended {state}: {code}: {message}")]
    JobFailed {
        id: Uuid,
        state: &'static str,
        code: String,
        message: String,
    },
    #[error("{} still waiting, and none ended in the last {secs} s", if *waiting == 1 { "1 job is".to_owned() } else { format!("{waiting} jobs are") })]
    Stalled { waiting: usize, secs: u64 },
    #[error("the {what} has not been answered after {secs} s{}", because.as_ref().map(|because| format!(": {because}")).unwrap_or_default())]
    Unanswered {
        id: Uuid,
        what: &'static str,
        secs: u64,
        /// What will not change until somebody acts.
        because: Option<String>,
    },
    #[error("no knowledge base is named {name:?}")]
    NoSuchBase { name: String, existing: Vec<String> },
}

impl ClientError {
    /// What the user can do next, where there is something better than trying again.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Problem(problem) => problem.help(),
            Self::Unreachable { address, .. } if is_of_this_machine(address) => {
                Some("is it running? start with ./dev up, then `set -a; . .dev/env; set +a`".into())
            }
            Self::Unreachable { .. } => Some(
                "is VISUALKIT_URL right, is the system running, and does a network lead there from this machine?"
                    .into(),
            ),
            Self::MayBeDone(_) => Some(
                "it may have been done all the same, so it was not sent again; look before you run it again".into(),
            ),
            Self::Unreadable { .. } => Some(NOT_THE_API.into()),
            Self::JobFailed { id, .. } => Some(format!("`visualkit jobs show {id}` tells what each attempt did")),
            Self::Stalled { .. } => Some(
                "is a worker running? `visualkit jobs list --state queued` shows what waits; nothing accepted is lost"
                    .into(),
            ),
            Self::Unanswered { id, .. } => Some(format!(
                "is a worker of its pool running? `visualkit pools` shows them, `visualkit jobs why {id}` what it waits for"
            )),
            Self::NoSuchBase { existing, .. } if existing.is_empty() => {
                Some("there is none yet; `visualkit ingest PATH --kb NAME` makes one".into())
            }
            Self::NoSuchBase { name, existing } => Some(format!("there are: {}", a_few(existing, name))),
        }
    }
}

/// Whether it is an address of the machine that the command runs on, where `./dev up` may have started the system.
fn is_of_this_machine(address: &str) -> bool {
    reqwest::Url::parse(address).is_ok_and(|address| is_loopback(&address))
}

/// Names that users can be shown at once.
const SHOWN: usize = 10;

/// Some of the names, first those that are like the one that was meant.
fn a_few(existing: &[String], meant: &str) -> String {
    let meant = meant.to_lowercase();
    let is_like = |name: &&String| {
        let name = name.to_lowercase();
        name.contains(&meant) || meant.contains(&name)
    };
    let (like, others): (Vec<&String>, Vec<&String>) = existing.iter().partition(is_like);
    let shown: Vec<&str> = like.into_iter().chain(others).take(SHOWN).map(String::as_str).collect();
    match existing.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!(
            "{} and {more} more; `visualkit knowledge-bases list` lists them",
            shown.join(", ")
        ),
    }
}

/// An `application/problem+json` body (RFC 9457), or what could be learned of another error answer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Problem {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) detail: String,
    #[serde(default)]
    pub(crate) request_id: String,
    #[serde(default)]
    pub(crate) errors: Vec<FieldError>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FieldError {
    #[serde(default)]
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) message: String,
}

impl Problem {
    /// Reads an error answer; a body that is no problem document leaves the status alone to speak.
    pub(crate) fn read(status: StatusCode, body: &[u8]) -> Self {
        let mut problem: Self = serde_json::from_slice(body).unwrap_or_else(|_| Self {
            status,
            code: String::new(),
            title: String::new(),
            detail: String::new(),
            request_id: String::new(),
            errors: Vec::new(),
        });
        problem.status = status;
        if problem.code.is_empty() {
            problem.code = format!("http_{}", status.as_u16());
        }
        problem
    }

    /// The sentence for people, with the field errors where it does not say them: `content: must not be empty`.
    pub(crate) fn sentence(&self) -> String {
        let reason = [&self.detail, &self.title].into_iter().find(|text| !text.is_empty());
        let mut text = reason.cloned().unwrap_or_else(|| self.status.to_string());
        if let [error] = self.errors.as_slice()
            && text.contains(&error.message)
        {
            return text;
        }
        if let Some(counted) = text.strip_suffix("; `errors` lists them.") {
            text = counted.to_owned();
        }
        for error in &self.errors {
            text.push_str(&format!("; {}: {}", error.field, error.message));
        }
        text
    }

    fn help(&self) -> Option<String> {
        match self.status {
            StatusCode::UNAUTHORIZED => {
                Some("set VISUALKIT_API_KEY to a key of the system at VISUALKIT_URL that is not revoked: whoever runs it makes one (`visualkit keys create`); of one that ./dev up started, `set -a; . .dev/env; set +a` takes it".into())
            }
            StatusCode::FORBIDDEN if self.code == "origin_not_allowed" => {
                Some("a publishable key is for the pages of its origins; use a secret key here".into())
            }
            StatusCode::FORBIDDEN => Some("use a key that has the scope; `visualkit keys list` shows them".into()),
            // No route of the API answers so: its problems have codes of their own.
            StatusCode::NOT_FOUND if self.code == "http_404" => Some(NOT_THE_API.into()),
            // The sentence says it all, and nothing was logged.
            _ if self.code == "not_configured" => None,
            status if status.is_server_error() && !self.request_id.is_empty() => Some(format!(
                "the server's log tells more under request id {}",
                self.request_id
            )),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code, self.sentence())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_every_field() {
        let body = br#"{"code":"invalid","detail":"2 fields are invalid","errors":[{"field":"title","code":"empty",
            "message":"is empty"},{"field":"acl","code":"x","message":"is unknown"}]}"#;
        let problem = Problem::read(StatusCode::UNPROCESSABLE_ENTITY, body);
        assert_eq!(
            problem.to_string(),
            "422 invalid: 2 fields are invalid; title: is empty; acl: is unknown"
        );
    }

    #[test]
    fn nothing_is_said_twice() {
        let one = br#"{"code":"invalid","detail":"`query` must not be empty.","errors":[{"field":"query","message":"must not be empty"}]}"#;
        let problem = Problem::read(StatusCode::UNPROCESSABLE_ENTITY, one);
        assert_eq!(problem.to_string(), "422 invalid: `query` must not be empty.");
        let two = br#"{"code":"invalid","detail":"2 fields cannot be accepted; `errors` lists them.",
            "errors":[{"field":"a","message":"is required"},{"field":"b","message":"is unknown"}]}"#;
        let problem = Problem::read(StatusCode::UNPROCESSABLE_ENTITY, two);
        assert_eq!(
            problem.to_string(),
            "422 invalid: 2 fields cannot be accepted; a: is required; b: is unknown"
        );
    }

    #[test]
    fn an_answer_that_is_no_problem_document_still_has_a_code() {
        let problem = Problem::read(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(problem.to_string(), "502 http_502: 502 Bad Gateway");
    }

    #[test]
    fn help_is_given_where_it_helps() {
        let help = |status, body: &[u8]| ClientError::Problem(Box::new(Problem::read(status, body))).help();
        let not_configured = br#"{"code":"not_configured","request_id":"r"}"#;
        assert_eq!(help(StatusCode::SERVICE_UNAVAILABLE, not_configured), None);
        assert!(
            help(StatusCode::NOT_FOUND, b"")
                .unwrap()
                .contains("not the admin address")
        );
        assert_eq!(help(StatusCode::NOT_FOUND, br#"{"code":"not_found"}"#), None);
        let origin = help(StatusCode::FORBIDDEN, br#"{"code":"origin_not_allowed"}"#).unwrap();
        assert!(origin.contains("secret key"), "{origin}");
    }

    #[test]
    fn a_refused_key_says_where_keys_come_from() {
        let error = ClientError::Problem(Box::new(Problem::read(StatusCode::UNAUTHORIZED, b"{}")));
        assert!(error.help().unwrap().contains("VISUALKIT_API_KEY"));
    }
}
