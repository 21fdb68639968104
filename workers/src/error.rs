use crate::JobContext;
use jobs::{BudgetLimit, EnqueueError, Wait};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use store::effects::{DECIDE, sentence};
use store::secrets::SealError;

/// What to do about a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    Retry,
    RetryAfter(Duration),
    Permanent,
    /// A budget holds the job back: it waits, and the attempt does not count.
    Snooze {
        credential: Arc<str>,
        wait: Wait,
    },
    /// This process lacks a setting that another may have: the job waits, and the attempt does not count.
    NotConfigured,
    /// Another worker has the job: write nothing.
    LeaseLost,
}

/// Why an attempt failed, as the client will read it, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct JobError {
    code: Cow<'static, str>,
    message: String,
    advice: Advice,
}

impl JobError {
    /// Something that may pass: another attempt follows after the kind's back-off.
    pub fn retry(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            advice: Advice::Retry,
        }
    }

    /// Another attempt makes sense after `delay`, and not before.
    pub fn retry_after(code: impl Into<Cow<'static, str>>, message: impl Into<String>, delay: Duration) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            advice: Advice::RetryAfter(delay),
        }
    }

    /// No other attempt would do better.
    pub fn permanent(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            advice: Advice::Permanent,
        }
    }

    /// What came of a call is not known, and no attempt can find out.
    pub(crate) fn effect_unknown(why: &str) -> Self {
        Self::permanent("effect_unknown", format!("{} {DECIDE}", sentence(why)))
    }

    /// The budget of a credential holds the job back.
    pub(crate) fn snooze(credential: &str, wait: Wait) -> Self {
        let message = match wait.limit {
            BudgetLimit::Cost if wait.of_installation => {
                format!("The money that this installation spends with the credential {credential} is spent for today.")
            }
            BudgetLimit::Share => {
                format!(
                    "Other tenants of this installation wait for the credential {credential} too, and it is their turn."
                )
            }
            limit @ (BudgetLimit::Requests | BudgetLimit::Tokens | BudgetLimit::Concurrency)
                if wait.of_installation =>
            {
                format!(
                    "This installation is at its own limit for the credential {credential} ({}), which all its tenants share.",
                    limit.as_str()
                )
            }
            BudgetLimit::Cost => format!("The money for the credential {credential} is spent for today."),
            BudgetLimit::Circuit => format!("Calls with the credential {credential} failed too often in a row."),
            limit => format!("The credential {credential} is at its limit ({}).", limit.as_str()),
        };
        Self {
            code: wait.limit.reason().into(),
            message,
            advice: Advice::Snooze {
                credential: credential.into(),
                wait,
            },
        }
    }

    /// For the job as it is: where somebody waits for its answer, that it must wait is its end.
    #[must_use]
    pub(crate) fn said_to(self, job: &JobContext) -> Self {
        let (code, message) = match &self.advice {
            Advice::Snooze { .. } | Advice::NotConfigured if !job.job.interactive => return self,
            Advice::Snooze { wait, .. } => {
                let seconds = wait.turn_in.as_secs_f64().ceil().max(1.0);
                (self.code, format!("{} Ask again in {seconds} s.", self.message))
            }
            Advice::NotConfigured => ("model_unavailable".into(), self.message),
            _ => return self,
        };
        Self::permanent(code, message)
    }

    /// An operator has to set something first; until then the job waits, and no attempt is used up.
    pub fn not_configured(message: impl Into<String>) -> Self {
        Self {
            code: "not_configured".into(),
            message: message.into(),
            advice: Advice::NotConfigured,
        }
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn advice(&self) -> &Advice {
        &self.advice
    }

    /// The error object of the job.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "code": self.code, "message": self.message, "retryable": self.advice != Advice::Permanent })
    }
}

impl From<EnqueueError> for JobError {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Store(error) => error.into(),
            error @ EnqueueError::Payload(_) => Self::permanent("internal", error.to_string()),
        }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::LeaseLost => Self {
                code: "lease_lost".into(),
                message: error.to_string(),
                advice: Advice::LeaseLost,
            },
            StoreError::NotFound { what } => Self::permanent("not_found", format!("The {what} no longer exists.")),
            StoreError::Seal(SealError::OtherKey { .. }) => Self::not_configured(error.to_string()),
            StoreError::Seal(_) => Self::permanent("not_configured", error.to_string()),
            StoreError::Conflict { what } => Self::permanent("conflict", (*what).to_owned()),
            _ => {
                tracing::warn!(error = &error as &dyn std::error::Error, "job failed in the database");
                Self::retry("database", "The database could not be used.")
            }
        }
    }
}

impl From<integrations::IntegrationError> for JobError {
    fn from(error: integrations::IntegrationError) -> Self {
        use integrations::RetryAdvice;
        match error.retry() {
            RetryAdvice::Retry => Self::retry("integration", error.to_string()),
            RetryAdvice::RetryAfter(delay) => Self::retry_after("integration", error.to_string(), delay),
            RetryAdvice::Permanent => Self::permanent("integration", error.to_string()),
        }
    }
}
